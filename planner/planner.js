"use strict";

// The page is rendered by the server. This sends the form while somebody types
// and puts what comes back in its place.
const form = document.getElementById("plan");
const status = document.getElementById("status");
let timer = 0;
let request = null;

function later(delay) {
  clearTimeout(timer);
  timer = setTimeout(update, delay);
}

async function update() {
  request?.abort();
  const mine = (request = new AbortController());
  document.body.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch("/", {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      signal: mine.signal,
    });
    if (answer.status === 429 || answer.status === 503) {
      status.textContent = "The planner is busy; it is asked again.";
      later(1000);
      return;
    }
    if (!answer.ok) throw new Error(await answer.text());
    place(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch (problem) {
    if (problem.name === "AbortError") return;
    status.textContent = "The planner does not answer: " + problem.message;
  } finally {
    if (request === mine) document.body.removeAttribute("aria-busy");
  }
}

function place(page) {
  document.title = page.title;
  const fields = document.getElementById("fields");
  const newFields = page.getElementById("fields");
  if (fields.dataset.model !== newFields.dataset.model) {
    const focused = document.activeElement?.id;
    fields.replaceWith(newFields.cloneNode(true));
    document.getElementById(focused)?.focus();
  }
  for (const slot of page.querySelectorAll("[data-slot]")) {
    const old = document.getElementById(slot.id);
    if (old && old.innerHTML !== slot.innerHTML) old.replaceChildren(...slot.cloneNode(true).childNodes);
  }
  for (const row of page.querySelectorAll("[data-row]")) {
    const old = document.getElementById(row.id);
    if (old) old.hidden = row.hidden;
  }
  for (const input of page.querySelectorAll("#fields input, #fields select, #fields textarea")) {
    const invalid = input.getAttribute("aria-invalid");
    const old = document.getElementById(input.id);
    if (!old) continue;
    if (invalid) old.setAttribute("aria-invalid", invalid);
    else old.removeAttribute("aria-invalid");
  }
  document.getElementById("file").textContent = page.getElementById("file").textContent;
  const whole = document.getElementById("whole");
  const newWhole = page.getElementById("whole");
  // While something is wrong, the last plan that was right stays.
  const right = newWhole.hasAttribute("data-whole");
  whole.classList.toggle("stale", !right);
  if (right || !whole.hasAttribute("data-whole")) {
    const open = [...whole.querySelectorAll("details[open]")].map((d) => d.id);
    const scrolled = [...whole.querySelectorAll(".scroll")].map((s) => [s.getAttribute("aria-label"), s.scrollLeft]);
    whole.replaceChildren(...newWhole.cloneNode(true).childNodes);
    whole.toggleAttribute("data-whole", right);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [label, left] of scrolled) {
      const now = [...whole.querySelectorAll(".scroll")].find((s) => s.getAttribute("aria-label") === label);
      if (now) now.scrollLeft = left;
    }
  }
}

form.addEventListener("input", (event) => later(event.target.matches("select") ? 0 : 250));
form.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  later(0);
});
document.body.classList.add("live");
