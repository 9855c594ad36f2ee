// Keeps the page of an issue that is being sent up to date. Without it there is a link to refresh.
"use strict";

const EVERY = 2000;
const shown = document.querySelector("#progress[data-live]");

function write(numbers) {
  for (const place of shown.querySelectorAll("[data-count]")) {
    place.textContent = numbers.counts[place.dataset.count];
  }
  for (const place of shown.querySelectorAll("[data-name]")) {
    place.textContent = numbers[place.dataset.name];
  }
  shown.querySelector("[data-left]").hidden = !numbers.left;
  for (const [kind, x, width] of numbers.bar) {
    const piece = shown.querySelector(`.bar .${kind}`);
    piece.setAttribute("x", x);
    piece.setAttribute("width", width);
  }
  const { sent, total } = numbers.counts;
  shown.querySelector("#bar-title").textContent = numbers.title;
}

function isAnother(numbers) {
  const { state, held, counting } = shown.dataset;
  return numbers.state !== state || numbers.held !== held || String(numbers.is_counting) !== counting;
}

async function look() {
  if (document.hidden) return;
  let numbers;
  try {
    const answer = await fetch(shown.dataset.address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    numbers = await answer.json();
  } catch {
    return; // the next look may find the server again
  }
  // Other buttons fit now, and other words.
  if (isAnother(numbers)) location.reload();
  else write(numbers);
}

if (shown) {
  shown.querySelector("[data-refresh]").hidden = true;
  (async () => {
    for (;;) {
      await new Promise((done) => setTimeout(done, EVERY));
      await look();
    }
  })();
}
