// Starts the component libraries and warns before a session ends.
import * as GOVUKFrontend from "./govuk-frontend.min.js";
import * as MOJFrontend from "./moj-frontend.min.js";

const start = (scope) => {
  GOVUKFrontend.initAll({ scope });
  MOJFrontend.initAll({ scope });
};

document.body.classList.add("js-enabled", "govuk-frontend-supported");
start(document);

// The warning is shared across tabs: each request in any of them puts the end off, but not past the session's limit.
const dialog = document.getElementById("session");
if (dialog) {
  const warning = 5 * 60 * 1000;
  const key = "muniment-seen";
  const idle = Number(dialog.dataset.idle) * 1000;
  const limit = Date.now() + Number(dialog.dataset.limit) * 1000;
  const part = (name) => dialog.querySelector(`[data-${name}]`);
  let closed = false;
  const seen = () => localStorage.setItem(key, String(Date.now()));
  const look = () => {
    const end = Math.min(Number(localStorage.getItem(key)) + idle, limit);
    const left = end - Date.now();
    const final = end === limit;
    for (const name of ["for-limit", "close"]) part(name).hidden = !final;
    for (const name of ["for-idle", "stay"]) part(name).hidden = final;
    if (left <= 0) {
      window.location.assign(dialog.dataset.after);
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
