/* The preview of the brand follows what is chosen. Without it the form has a button for that. */
(() => {
  "use strict";
  const form = document.getElementById("brand");
  const button = form?.querySelector("[data-preview]");
  if (!button) return;
  button.hidden = true;
  let timer = 0;
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    clearTimeout(timer);
    timer = setTimeout(() => form.requestSubmit(button), 300);
  });
})();
