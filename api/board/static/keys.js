// The list of a day by keyboard: j and k go from card to card; d, s and z do what the marked buttons of a card do.
"use strict";
(() => {
  const cards = () => [...document.querySelectorAll(".card[tabindex]")];
  const card = () => document.activeElement?.closest(".card[tabindex]") ?? null;
  const said = () => document.getElementById("said");

  const go = (place) => {
    const all = cards();
    const next = all[Math.min(Math.max(place, 0), all.length - 1)];
    (next ?? said())?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select")) return;
    const here = card();
    if (event.key === "j" || event.key === "k") {
      const place = cards().indexOf(here);
      go(event.key === "j" ? place + 1 : place < 0 ? Infinity : place - 1);
    } else if (event.key === "Escape") {
      here?.querySelector("details[open]")?.removeAttribute("open");
      here?.focus();
    } else {
      const marked = here?.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (!marked) return;
      marked.click();
      if (marked.matches("summary")) marked.parentElement.querySelector("button")?.focus();
    }
    event.preventDefault();
  });

  // A card that was worked is no stop any more: on to the one that took its place.
  let left = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const gone = event.detail.target;
    left = gone.matches?.(".card") && (gone.contains(document.activeElement) || document.activeElement === document.body)
      ? cards().indexOf(gone) : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (left === null) return;
    go(left);
    left = null;
  });
  for (const failure of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(failure, () => { if (said()) said().textContent = said().dataset.failed; });
  }
})();
