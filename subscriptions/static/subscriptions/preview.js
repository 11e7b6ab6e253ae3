// Shows under a filter field what the line being written would have brought lately, and
// lets the buttons there change that line. Without it, the form's own buttons do both.
"use strict";

for (const box of document.querySelectorAll("[data-preview]")) {
  const field = document.getElementById(box.dataset.field);
  const status = box.nextElementSibling;
  let shown = null, request, waiting, saying;

  const stop = () => {
    request?.abort();
    clearTimeout(waiting);
    clearTimeout(saying);
  };
  const rest = (time) => new Promise((done) => { waiting = setTimeout(done, time); });

  const show = async () => {
    stop();
    const line = field.value.slice(0, field.selectionStart).split("\n").length - 1;
    const filter = field.value.split("\n")[line].trim();
    const wanted = `${line} ${filter}`;
    // While a new line is empty, the one before it stays.
    if (wanted === shown || (!filter && field.value.trim())) return;
    request = new AbortController();
    const query = new URLSearchParams({ filter, line });
    let html;
    try {
      const answer = await fetch(`${box.dataset.preview}?${query}`, { signal: request.signal });
      html = answer.ok ? await answer.text() : "";
    } catch {
      return; // another line is asked for by now, or the network is down
    }
    // Half written, many a filter cannot be read: that is said only after a rest.
    if (html.includes('class="fault"')) await rest(700);
    box.innerHTML = html;
    shown = wanted;
    field.parentElement.querySelectorAll(":scope > .faults").forEach((old) => old.remove());
    saying = setTimeout(() => {
      status.textContent = box.querySelector("[data-say], .fault")?.textContent.trim() ?? "";
    }, 1000);
  };

  const soon = () => {
    stop();
    waiting = setTimeout(show, 250);
  };
  // What is wrong with all lines stays until one of them is changed.
  const look = () => {
    if (!field.parentElement.querySelector(":scope > .faults")) soon();
  };

  box.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=take]");
    if (!button) return;
    event.preventDefault();
    const [, line, filter] = /^(\d+) (.*)$/s.exec(button.value);
    const lines = field.value.split("\n");
    lines[line] = filter;
    field.value = lines.join("\n");
    const end = lines.slice(0, Number(line) + 1).join("\n").length;
    field.setSelectionRange(end, end);
    box.focus({ preventScroll: true });
    show();
  });
  field.addEventListener("input", soon);
  field.addEventListener("click", look);
  field.addEventListener("keyup", (event) => { if (event.key.startsWith("Arrow")) look(); });
  field.addEventListener("focus", look, { once: true });
}
