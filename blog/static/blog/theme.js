// Light or dark. This runs before the page is painted, so that a choice never flashes.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  // Storage may be forbidden; then the choice lasts for this page.
  const stored = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const store = (theme) => {
    try {
      if (theme) localStorage.setItem("theme", theme);
      else localStorage.removeItem("theme");
    } catch {}
  };
  const show = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  show(stored());
  root.dataset.script = ""; // shows the button
  addEventListener("pageshow", (event) => event.persisted && show(stored()));
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".theme")) return;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
    // Whoever chooses what the system says follows the system again.
    const theme = dark === system.matches ? (dark ? "light" : "dark") : null;
    store(theme);
    show(theme);
  });
})();
