"use strict";

// Without this script all steps stand below each other. With it, a slider chooses the one that is shown on screen.
document.documentElement.classList.add("js");

// What scrolls has to be reached by the keyboard; what does not is no stop on the way.
const reach = (root) => {
  for (const each of root.querySelectorAll(".view, .sheet, .overview")) {
    if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
    else each.removeAttribute("tabindex");
  }
};
addEventListener("resize", () => reach(document));

for (const scenario of document.querySelectorAll(".scenario")) {
  const slider = scenario.querySelector("input[type=range]");
  if (!slider) continue;
  const steps = [...scenario.querySelectorAll(".step")];
  const drawn = [...scenario.querySelectorAll("[data-step]")];
  const [previous, next] = scenario.querySelectorAll(".controls button");
  const current = scenario.querySelector(".current");
  const status = scenario.querySelector("[role=status]");

  // A slider says its own value: the status need not repeat it.
  const select = (index, said) => {
    slider.value = index + 1;
    steps.forEach((step, number) => step.classList.toggle("on", number === index));
    for (const each of drawn) each.classList.toggle("on", Number(each.dataset.step) === index);
    const { title, summary } = steps[index].dataset;
    slider.setAttribute("aria-valuetext", title);
    current.textContent = `${index + 1} of ${steps.length}`;
    // Not "disabled": a button that has the focus would lose it.
    previous.setAttribute("aria-disabled", String(index === 0));
    next.setAttribute("aria-disabled", String(index === steps.length - 1));
    if (said === "value") status.textContent = summary;
    else if (said === "nothing") status.textContent = `${title}. ${summary}`;
    reach(scenario);
    for (const view of scenario.querySelectorAll(".view")) {
      const band = view.querySelector(".column.on .band");
      if (!band || view.scrollWidth <= view.clientWidth) continue;
      const place = band.getBoundingClientRect();
      const frame = view.getBoundingClientRect();
      if (place.left < frame.left) view.scrollLeft -= frame.left - place.left + 40;
      else if (place.right > frame.right) view.scrollLeft += place.right - frame.right + 40;
    }
  };
  const go = (index, said) => {
    if (index >= 0 && index < steps.length) select(index, said);
  };
  const linked = () => {
    const index = steps.findIndex((step) => `#${step.id}` === location.hash);
    if (index >= 0) select(index, "nothing");
    return index >= 0;
  };

  slider.addEventListener("input", () => go(slider.valueAsNumber - 1, "value"));
  previous.addEventListener("click", () => go(slider.valueAsNumber - 2, "nothing"));
  next.addEventListener("click", () => go(slider.valueAsNumber, "nothing"));
  scenario.addEventListener("click", (event) => {
    const column = event.target.closest(".column, .bar");
    if (column) go(Number(column.dataset.step), "nothing");
  });
  addEventListener("hashchange", linked);
  if (!linked()) select(0, "all");
}
reach(document.querySelector("header"));
