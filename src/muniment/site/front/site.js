// Starts the component libraries and warns before a session ends.
import * as GOVUKFrontend from "./govuk-frontend.min.js";
import * as MOJFrontend from "./moj-frontend.min.js";

const start = (scope) => {
  GOVUKFrontend.initAll({ scope });
  MOJFrontend.initAll({ scope });
};

document.body.classList.add("js-enabled", "govuk-frontend-supported");
start(document);

// The warning is shared across tabs: each request in any of them puts the end off.
const dialog = document.getElementById("session");
if (dialog) {
  const idle = Number(dialog.dataset.idle) * 1000;
  const warning = 5 * 60 * 1000;
  const key = "muniment-seen";
  localStorage.setItem(key, String(Date.now()));
  const look = () => {
    const left = Number(localStorage.getItem(key)) + idle - Date.now();
    if (left <= 0) {
      window.location.assign(dialog.dataset.after);
    } else if (left <= warning && !dialog.open) {
      dialog.showModal();
    } else if (left > warning && dialog.open) {
      dialog.close();
    }
  };
  setInterval(look, 5000);
  dialog.querySelector("[data-stay]").addEventListener("click", async () => {
    await fetch(dialog.dataset.stay, { credentials: "same-origin" });
    localStorage.setItem(key, String(Date.now()));
    dialog.close();
  });
}
