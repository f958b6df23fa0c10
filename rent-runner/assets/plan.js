"use strict";
// The steps of a booking are complete without this. It filters the list of courts while somebody types, and changes the order of
// the choices without a new page: by dragging, or by the buttons.
(function () {
  var search = document.querySelector("[data-filter]");
  var list = document.querySelector("[data-order]");
  var said = document.getElementById("said");

  function filter() {
    var words = search.value.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean);
    document.querySelectorAll("[data-courts] [data-name]").forEach(function (court) {
      var name = court.dataset.name.normalize("NFC").toLowerCase();
      court.hidden = !words.every(function (word) { return name.indexOf(word) >= 0; });
    });
    document.querySelectorAll("[data-courts] details").forEach(function (centre) {
      var some = centre.querySelector("[data-name]:not([hidden])") !== null;
      centre.hidden = !some;
      if (words.length > 0 && some) { centre.open = true; }
    });
    document.querySelectorAll("[data-courts] [data-group]").forEach(function (group) {
      group.hidden = group.querySelector("[data-name]:not([hidden])") === null;
    });
  }

  function number() {
    var lines = Array.prototype.slice.call(list.children);
    lines.forEach(function (line, at) {
      line.querySelector("[data-number]").textContent = String(at + 1);
      line.querySelectorAll("button").forEach(function (button) { button.value = String(at + 1); });
      line.querySelector("button[name=up]").setAttribute("aria-disabled", String(at === 0));
      line.querySelector("button[name=down]").setAttribute("aria-disabled", String(at === lines.length - 1));
    });
  }

  function tell(line) {
    number();
    said.textContent = list.dataset.moved + ": " + line.querySelector("[data-number]").textContent + ". " +
      line.querySelector("[data-title]").textContent;
  }

  function press(event) {
    var button = event.target.closest("button[name=up], button[name=down]");
    if (!button) { return; }
    event.preventDefault();
    var line = button.closest("li");
    var other = button.name === "up" ? line.previousElementSibling : line.nextElementSibling;
    if (!other) { return; }
    if (button.name === "up") { list.insertBefore(line, other); } else { list.insertBefore(other, line); }
    button.focus();
    tell(line);
  }

  function drag() {
    var dragged = null;
    list.querySelectorAll("li").forEach(function (line) { line.draggable = true; });
    list.addEventListener("dragstart", function (event) {
      dragged = event.target.closest("li");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", "");
    });
    list.addEventListener("dragover", function (event) {
      var over = event.target.closest("li");
      if (!dragged || !over) { return; }
      event.preventDefault();
      if (over === dragged) { return; }
      var box = over.getBoundingClientRect();
      list.insertBefore(dragged, event.clientY > box.top + box.height / 2 ? over.nextElementSibling : over);
    });
    list.addEventListener("drop", function (event) { event.preventDefault(); });
    list.addEventListener("dragend", function () { if (dragged) { tell(dragged); dragged = null; } });
  }

  if (search) { search.addEventListener("input", filter); }
  if (list && said) { list.addEventListener("click", press); drag(); number(); }
  document.querySelectorAll("[data-opens-at]").forEach(function (field) {
    field.addEventListener("input", function () { document.getElementById("opening-given").checked = true; });
  });
}());
