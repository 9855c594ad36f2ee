// What a script can add to a post. Without it everything here is still read, only less at hand.
const words = document.querySelector("script[data-copy]").dataset;
const text = document.querySelector(".text");

const make = (tag, attributes, ...inside) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...inside);
  return element;
};

// --- The contents in the margin: which section is being read ---

const contents = document.querySelector(".toc-margin ol");
const links = new Map();
for (const link of contents?.querySelectorAll("a") ?? []) {
  const heading = document.getElementById(link.getAttribute("href").slice(1));
  if (heading) links.set(heading, link);
}

const passed = new Set();

const markSection = () => {
  const link = links.get([...links.keys()].findLast((heading) => passed.has(heading)));
  for (const other of links.values()) {
    if (other === link) other.setAttribute("aria-current", "location");
    else other.removeAttribute("aria-current");
  }
  if (!link) return;
  // A long list is scrolled by itself; the page stays where the reader put it.
  const above = link.offsetTop < contents.scrollTop;
  const end = contents.scrollTop + contents.clientHeight;
  if (above || link.offsetTop + link.offsetHeight > end) {
    contents.scrollTop = link.offsetTop - contents.clientHeight / 2;
  }
};

if (links.size) {
  const noteWhatPassed = (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) passed.add(target);
      else passed.delete(target);
    }
    markSection();
  };
  // All that lies above a line near the top of the window, so that no jump misses one.
  const watcher = new IntersectionObserver(noteWhatPassed, { rootMargin: "1000000px 0px -85% 0px" });
  for (const heading of links.keys()) watcher.observe(heading);
}

// --- Footnotes: opened where they are mentioned ---

const note = make("div", { className: "note", popover: "auto", tabIndex: -1 });
note.setAttribute("role", "note");
let mention = null;

const isOpen = () => note.matches(":popover-open");

const openNote = (link, source) => {
  if (isOpen()) note.hidePopover();
  mention = link;
  const copy = source.cloneNode(true);
  for (const sign of copy.querySelectorAll(".footnote-backref")) sign.remove();
  for (const named of copy.querySelectorAll("[id]")) named.removeAttribute("id");
  note.replaceChildren(...copy.childNodes);
  note.setAttribute("aria-label", link.getAttribute("aria-label") ?? link.textContent);
  // Beside its mention, so that it is read and reached by keyboard there.
  link.closest("sup").after(note);
  note.showPopover();
  const at = link.getBoundingClientRect();
  const room = document.documentElement.clientWidth - note.offsetWidth - 16;
  const below = at.bottom + 8 + note.offsetHeight <= innerHeight || at.top < note.offsetHeight + 8;
  note.style.left = `${scrollX + Math.max(16, Math.min(at.left - note.offsetWidth / 2, room))}px`;
  note.style.top = `${scrollY + (below ? at.bottom + 8 : at.top - note.offsetHeight - 8)}px`;
  link.setAttribute("aria-expanded", "true");
  note.focus({ preventScroll: true });
};

note.addEventListener("beforetoggle", (event) => {
  if (event.newState === "closed") mention.setAttribute("aria-expanded", "false");
});
// Another width lays the text out anew, and leaves the note where its mention was. (On a phone a
// bar that comes and goes changes the height.)
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== width && isOpen()) note.hidePopover();
  width = innerWidth;
});

const notes = new Map();
const mentions = text.querySelectorAll(".footnote-ref a[href^='#']");
for (const link of "popover" in HTMLElement.prototype ? mentions : []) {
  const source = document.getElementById(link.getAttribute("href").slice(1));
  if (!source) continue;
  notes.set(link, source);
  link.setAttribute("aria-expanded", "false");
}

// A press outside closes the note before the click arrives: what was open then stays closed.
let openBefore = null;
addEventListener("pointerdown", () => {
  openBefore = isOpen() ? mention : null;
}, true);

// --- Films: nobody is asked for one before it is pressed ---

const films = text.querySelectorAll(".embed a[data-player]");
for (const link of films) {
  const host = new URL(link.dataset.player).host.replace(/^www\./, "");
  link.after(make("small", {}, `${words.plays} ${host}`));
}

const play = (link) => {
  const frame = make("iframe", {
    title: link.textContent,
    allow: "autoplay; fullscreen; picture-in-picture; encrypted-media",
    // Some players refuse to play on a page that they are not told the host of.
    referrerPolicy: "strict-origin-when-cross-origin",
    src: link.dataset.player,
  });
  link.closest(".embed").replaceChildren(frame);
  frame.focus();
};

text.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (notes.has(link)) {
    event.preventDefault();
    const byPointer = event.detail > 0;
    const wasOpen = (byPointer ? openBefore : isOpen() && mention) === link;
    if (wasOpen) note.hidePopover();
    else openNote(link, notes.get(link));
  } else if (link.matches(".embed a[data-player]")) {
    event.preventDefault();
    play(link);
  }
});

// --- Copying and sharing ---

const say = async (button, status, work) => {
  const label = button.textContent;
  try {
    await work();
  } catch {
    return; // forbidden, or the reader thought better of it
  }
  button.textContent = status.textContent = words.copied;
  setTimeout(() => {
    button.textContent = label;
    status.textContent = "";
  }, 2000);
};

if (navigator.clipboard) {
  for (const code of text.querySelectorAll(".highlight pre")) {
    const button = make("button", { type: "button", className: "copy" }, words.copy);
    const status = make("span", { className: "unseen", role: "status" });
    button.addEventListener("click", () =>
      say(button, status, () => navigator.clipboard.writeText(code.textContent)));
    code.after(button, status);
  }
}

for (const button of document.querySelectorAll("[data-copy-link]")) {
  button.hidden = !navigator.clipboard;
  const status = button.parentElement.querySelector("[role=status]");
  button.addEventListener("click", () =>
    say(button, status, () => navigator.clipboard.writeText(button.dataset.copyLink)));
}

for (const button of document.querySelectorAll("[data-share]")) {
  button.hidden = !navigator.share;
  button.addEventListener("click", () =>
    navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(() => {}));
}
