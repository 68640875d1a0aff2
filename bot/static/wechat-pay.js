// Hands the payer over to WeChat's own bridge. What it says afterwards is believed nothing: the
// page asks us, and we ask WeChat Pay.
const button = document.getElementById("pay");

const open = () => {
  window.WeixinJSBridge.invoke("getBrandWCPayRequest", JSON.parse(button.dataset.call), () => {
    window.location.assign(button.dataset.next);
  });
};

const start = () => {
  button.addEventListener("click", open);
  open();
};

if (window.WeixinJSBridge) start();
else document.addEventListener("WeixinJSBridgeReady", start, { once: true });
