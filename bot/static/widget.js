/* The one script of a merchant's page: it opens a frame of ours, places it, and does nothing else.
   No HTML is built, no inline style is written into the page's markup, nothing is evaluated: a page
   with `script-src` and `frame-src` for this origin and `default-src 'none'` runs it.

   <script src="SHOP/widget.js" data-shop="ACCOUNT" async></script>
   data-lang, data-colour, data-side, data-title, data-theme: all optional. Any element of the page
   with `data-tuanzi-open` opens the chat. */
(() => {
  const script = document.currentScript;
  const account = script?.dataset.shop;
  if (!account || document.querySelector(`iframe[data-tuanzi="${CSS.escape(account)}"]`)) return;
  const { lang, colour = "", side = "", title = "", theme = "auto" } = script.dataset;
  const home = new URL(script.src).origin;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const frame = document.createElement("iframe");
  let shape = { open: false, side: "right" };
  let opener = null;

  const address = new URL(`/webchat/${encodeURIComponent(account)}/frame`, home);
  const wishes = { lang: lang || navigator.language || "", colour, side, title, theme: shade(), from: location.origin };
  for (const [name, wish] of Object.entries(wishes)) if (wish) address.searchParams.set(name, wish);

  /** Inline and important: no sheet of the page moves or hides it. Through the CSSOM, which a
      content policy allows. `color-scheme` as the frame's own, or the browser paints it opaque. */
  function style(rules) {
    for (const [name, value] of Object.entries(rules)) frame.style.setProperty(name, value, "important");
  }

  function shade() { return theme === "auto" ? (dark.matches ? "dark" : "light") : theme; }

  function place() {
    const small = innerWidth < 500 || innerHeight < 420;
    const whole = shape.open && small;
    const other = shape.side === "left" ? "right" : "left";
    style({
      [shape.side]: whole ? "0" : "12px",
      [other]: "auto",
      bottom: whole ? "0" : "12px",
      width: whole ? "100%" : shape.open ? "392px" : "84px",
      height: whole ? "100%" : shape.open ? "min(660px, calc(100% - 24px))" : "84px",
    });
    tell({ small });
  }

  function tell(what) { frame.contentWindow?.postMessage({ tuanzi: true, theme: shade(), ...what }, home); }

  frame.dataset.tuanzi = account;
  frame.title = title || "Chat";
  frame.src = address;
  frame.referrerPolicy = "origin";
  // It may not lead the page elsewhere; its links open in tabs of their own.
  for (const right of ["allow-scripts", "allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox", "allow-forms", "allow-downloads"]) frame.sandbox.add(right);
  style({
    all: "initial", position: "fixed", border: "0", "z-index": "2147483000", display: "block",
    "color-scheme": "light", "max-width": "100%", "max-height": "100%", visibility: "hidden",
  });
  place();

  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== home || !event.data?.tuanzi) return;
    const { open, side: where, title: called } = event.data;
    const closed = shape.open && !open;
    shape = { open: open === true, side: where === "left" ? "left" : "right" };
    frame.title = String(called);
    place();
    style({ visibility: "visible" });
    if (closed && opener) { opener.focus(); opener = null; }
  });
  addEventListener("resize", place);
  dark.addEventListener("change", () => tell({}));
  document.addEventListener("click", (event) => {
    opener = event.target.closest?.("[data-tuanzi-open]") ?? null;
    if (!opener) return;
    event.preventDefault();
    frame.focus();
    tell({ open: true });
  });

  if (document.body) document.body.append(frame);
  else addEventListener("DOMContentLoaded", () => document.body.append(frame));
})();
