// Keeps an open page current. Every page is complete without it.
"use strict";
(() => {
  const main = document.querySelector("main[data-updates]");
  if (!main || !window.EventSource) return;
  const updated = document.getElementById("updated");
  const said = document.getElementById("said");
  const button = document.getElementById("pause");
  let source = null;
  let again = 0;
  let late = 0;
  let paused = false;
  let at = "";

  // Replaces the content of an element. The focus stays, and a field that is being filled in is left as it is.
  const put = ({ id, html }) => {
    const element = document.getElementById(id);
    if (!element || element.innerHTML === html) return;
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    if (focused && focused.matches("input, select, textarea")) return;
    const href = focused && focused.getAttribute("href");
    element.innerHTML = html;
    if (href) {
      for (const link of element.querySelectorAll("a[href]")) {
        if (link.getAttribute("href") === href) {
          link.focus({ preventScroll: true });
          break;
        }
      }
    }
  };

  const show = (text) => {
    if (updated.textContent !== text) updated.textContent = text;
  };

  const disconnected = () => show(`No connection: the page is as it was${at ? ` at ${at}` : " when it was loaded"}.`);

  const receive = (event) => {
    clearTimeout(late);
    late = 0;
    const message = JSON.parse(event.data);
    at = message.at;
    message.parts.forEach(put);
    if (message.said) said.textContent = message.said;
    show(`Updated at ${at}.`);
  };

  const close = () => {
    clearTimeout(again);
    clearTimeout(late);
    late = 0;
    if (source) source.close();
    source = null;
  };

  const open = () => {
    if (source || paused || document.hidden) return;
    source = new EventSource(main.dataset.updates);
    source.onmessage = receive;
    source.onerror = () => {
      // The browser opens a stream again that ends, and not one that is refused.
      if (source.readyState === EventSource.CLOSED) {
        close();
        again = setTimeout(open, 5000);
        disconnected();
      } else if (!late) {
        late = setTimeout(disconnected, 4000);
      }
    };
  };

  // A browser has few connections to one server: a page that is not seen needs none.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? "Resume updates" : "Pause updates";
    if (paused) {
      close();
      show("Updates are paused.");
    } else {
      open();
    }
  });
  button.hidden = false;
  open();
})();
