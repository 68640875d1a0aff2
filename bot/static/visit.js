// Telegram tells a page who opened it behind the `#`; only we can tell the server.
const told = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
if (told) {
  const form = document.getElementById("visit");
  form.elements.init_data.value = told;
  history.replaceState(null, "", location.pathname);
  if (window === window.top) {
    form.submit();
  } else { // Telegram in a browser frames us: nobody pays in a frame, and a tab opens at a press only
    form.target = "_blank";
    form.hidden = false;
    form.addEventListener("submit", () => { form.hidden = true; }); // what was told is good once
  }
}
