// Inside WeChat alone: the card that is shown when somebody passes this page on. All it says stands
// in the page already; without this script WeChat shows a plain link.
"use strict";
(() => {
  const told = document.getElementById("share").dataset;
  const meta = (name) => document.querySelector(`meta[property="og:${name}"]`)?.content ?? "";
  const card = { title: meta("title"), desc: meta("description"), link: meta("url"), imgUrl: meta("image") };
  const names = ["updateAppMessageShareData", "updateTimelineShareData"];
  if (!window.wx) return;
  wx.config({ appId: told.app, timestamp: Number(told.timestamp), nonceStr: told.nonce, signature: told.signature, jsApiList: names });
  wx.ready(() => names.forEach((name) => wx[name](card)));
})();
