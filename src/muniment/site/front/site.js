// Starts the component libraries and warns before a session ends.
import * as GOVUKFrontend from "./govuk-frontend.min.js";
import * as MOJFrontend from "./moj-frontend.min.js";

const start = (scope) => {
  GOVUKFrontend.initAll({ scope });
  MOJFrontend.initAll({ scope });
};

document.body.classList.add("js-enabled", "govuk-frontend-supported");
start(document);

// What was entered and not saved: leaving the page asks first, and the end of a session saves it.
const unsaved = new Set();
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  if (form.dataset.unsaved) unsaved.add(form);
  for (const kind of ["input", "change"]) form.addEventListener(kind, () => unsaved.add(form));
  form.addEventListener("submit", () => unsaved.clear());
}
window.addEventListener("beforeunload", (event) => unsaved.size && event.preventDefault());

const send = (form, more) => {
  const body = new FormData(form);
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  return fetch(form.getAttribute("action") || window.location.href, { method: "POST", body, credentials: "same-origin" });
};

// Saves what can be saved, signs out, and says at the sign-in page why.
const signOut = async (after, why) => {
  let saved = unsaved.size > 0;
  for (const form of unsaved) saved = (await send(form, { do: "save" }).then((answer) => answer.ok, () => false)) && saved;
  if (unsaved.size) await send(document.querySelector("form[data-sign-out]"), {}).catch(() => {});
  unsaved.clear();
  const said = new URLSearchParams({ ended: why, next: window.location.pathname + window.location.search });
  if (saved) said.set("saved", "yes");
  window.location.assign(`${after}?${said}`);
};

// The warning is shared across tabs: each request in any of them puts the end off, but not past the session's limit.
const dialog = document.getElementById("session");
if (dialog) {
  const warning = 5 * 60 * 1000;
  const key = "muniment-seen";
  const idle = Number(dialog.dataset.idle) * 1000;
  const limit = Date.now() + Number(dialog.dataset.limit) * 1000;
  const part = (name) => dialog.querySelector(`[data-${name}]`);
  const last = 15 * 1000; // before the end: what is unsaved is saved while that can be done
  let closed = false;
  let ended = false;
  const seen = () => localStorage.setItem(key, String(Date.now()));
  const look = () => {
    const end = Math.min(Number(localStorage.getItem(key)) + idle, limit);
    const left = end - Date.now();
    const final = end === limit;
    for (const name of ["for-limit", "close"]) part(name).hidden = !final;
    for (const name of ["for-idle", "stay"]) part(name).hidden = final;
    if (ended) return;
    if (left <= (unsaved.size ? last : 0)) {
      ended = true;
      signOut(dialog.dataset.after, final ? "limit" : "idle");
    } else if (left <= warning && !dialog.open && !(final && closed)) {
      dialog.showModal();
    } else if (left > warning && dialog.open) {
      dialog.close();
    }
  };
  seen();
  look();
  setInterval(look, 5000);
  window.addEventListener("storage", (event) => event.key === key && look());
  part("close").addEventListener("click", () => {
    closed = true;
    dialog.close();
  });
  part("stay").addEventListener("click", async () => {
    await fetch(dialog.dataset.stay, { credentials: "same-origin" });
    seen();
    look();
  });
}

// A passkey that was not read, or that its owner put away, is said in words.
document.addEventListener("allauth.error", (event) => {
  const words = document.querySelector("[data-key-error]");
  if (words) {
    words.hidden = false;
    event.preventDefault();
  }
});
