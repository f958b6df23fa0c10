"use strict";
// Pages are complete without this. It counts down, and fetches the page again when the server says that it is out of date.
(function () {
  var main = document.getElementById("main");
  var address = document.body.dataset.live;
  var stream = null;
  var waiting = null;
  var last = "";
  // The page's own instant: a countdown does not go by a browser's wrong clock.
  var ahead = Number(document.body.dataset.now || Date.now()) - Date.now();

  function two(n) { return (n < 10 ? "0" : "") + n; }

  function count() {
    document.querySelectorAll("[data-opens]").forEach(function (place) {
      var left = Math.ceil((Number(place.dataset.opens) - Date.now() - ahead) / 1000);
      if (left <= 0) { place.textContent = place.dataset.opened; return; }
      var days = Math.floor(left / 86400);
      var text = two(Math.floor(left / 3600) % 24) + ":" + two(Math.floor(left / 60) % 60) + ":" + two(left % 60);
      place.textContent = (days > 0 ? days + (document.documentElement.lang === "ko" ? "일 " : " d ") : "") + text;
    });
  }

  function busy() {
    var at = document.activeElement;
    return at && at.closest && at.closest("main form") !== null && at.tagName !== "BUTTON";
  }

  function renew() {
    if (busy()) { waiting = waiting || setTimeout(function () { waiting = null; renew(); }, 3000); return; }
    fetch(location.href, { headers: { "Accept": "text/html" }, redirect: "manual" }).then(function (answer) {
      if (!answer.ok) { if (answer.type === "opaqueredirect") { location.reload(); } return null; }
      return answer.text();
    }).then(function (text) {
      if (!text) { return; }
      var fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
      if (fresh && fresh.innerHTML !== main.innerHTML) {
        main.replaceChildren.apply(main, Array.prototype.slice.call(fresh.childNodes));
        count();
      }
    }).catch(function () { /* the next event or look tries again */ });
  }

  function open() {
    if (!address || stream || document.hidden) { return; }
    stream = new EventSource(address + (address.indexOf("?") < 0 ? "?" : "&") + "known=" + encodeURIComponent(last));
    stream.addEventListener("changed", function (event) { last = event.lastEventId; renew(); });
    stream.addEventListener("error", function () {
      // Refused (too many open pages) or the server is away: look now and then.
      if (stream && stream.readyState === EventSource.CLOSED) {
        stream = null;
        setTimeout(function () { renew(); open(); }, 10000);
      }
    });
  }

  function close() { if (stream) { stream.close(); stream = null; } }

  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { close(); } else { renew(); open(); }
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  count();
  setInterval(count, 1000);
  open();
}());
