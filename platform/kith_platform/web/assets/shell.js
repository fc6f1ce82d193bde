// Small comforts of the shell. Each one only adds to what works without it.

const on = (name, act) => document.addEventListener(name, act);

// Menus are <details class="menu">: one open at a time, closed by Escape or a click elsewhere.
on("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

on("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (location.hash === "#nav") location.hash = "#main";
  }
  const search = document.querySelector("#search");
  if (search && event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// The left side folds to icons and stays so in this browser (the head's inline script restores it before painting).
on("click", (event) => {
  if (!event.target.closest("[data-fold-nav]")) return;
  const root = document.documentElement;
  root.dataset.nav = root.dataset.nav === "icons" ? "" : "icons";
  try {
    localStorage.setItem("kith-nav", root.dataset.nav);
  } catch {
    /* private windows may refuse; folding still works on this page */
  }
});

// A row opens on click, unless the click was meant for something in it or selects text.
on("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target.closest("a, button, input, label, select, summary") || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) open(row.dataset.href);
  else location.href = row.dataset.href;
});

// Selection: a head box for all, a bar that appears with the count.
on("change", (event) => {
  const form = event.target.closest("form[data-selectable]");
  if (!form || event.target.type !== "checkbox") return;
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
  const head = form.querySelector("thead input[type=checkbox]");
  if (event.target === head) for (const box of boxes) box.checked = head.checked;
  const count = boxes.filter((box) => box.checked).length;
  if (head) {
    head.checked = count > 0 && count === boxes.length;
    head.indeterminate = count > 0 && count < boxes.length;
  }
  const bar = form.querySelector(".bulk");
  if (bar) {
    bar.hidden = count === 0;
    bar.querySelector("[data-count]").textContent = String(count);
  }
});

// Menus that send a form at once (language, page size).
on("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

on("click", async (event) => {
  const close = event.target.closest("[data-dismiss]");
  if (close) close.closest(close.dataset.dismiss)?.remove();
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.dataset.copied = "yes";
    setTimeout(() => delete copy.dataset.copied, 2000);
  }
  const reveal = event.target.closest("[data-reveal]");
  if (reveal) {
    const input = document.getElementById(reveal.dataset.reveal);
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(hidden));
  }
});

// What renews itself in the top bar waits while its menu is open: nobody's list vanishes under the pointer.
on("htmx:before:request", (event) => {
  if (event.target.closest?.(".bar") && event.target.querySelector("details[open]")) event.preventDefault();
});

// No answer at all (the network, a restart): say so where other messages stand; what was typed stays.
on("htmx:error", (event) => {
  const notices = document.querySelector("#notices");
  const words = document.querySelector('meta[name="kith-offline"]')?.content;
  if (!notices || !words || event.detail?.ctx?.response) return;
  const line = document.createElement("div");
  line.className = "notice notice-bad";
  line.setAttribute("role", "alert");
  line.textContent = words;
  notices.replaceChildren(line);
});
