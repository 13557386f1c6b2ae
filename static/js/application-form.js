/* Questions that depend on another answer come and go while one fills in the form. Without it all of them are shown,
   each with the sentence that says when it counts; the server decides the same way. */
(() => {
  "use strict";
  const parts = [...document.querySelectorAll("[data-if]")];
  const given = (name) => [...document.getElementsByName(name)]
    .filter((field) => !field.closest("[hidden]") && (!field.matches("[type=radio], [type=checkbox]") || field.checked))
    .map((field) => field.value);
  /* In the page's order: what a hidden question would have answered does not count for those below it. */
  const decide = () => {
    for (const part of parts) {
      const wanted = part.dataset.is.split(" ");
      part.hidden = !given(part.dataset.if).some((value) => wanted.includes(value));
    }
  };
  for (const sentence of document.querySelectorAll("[data-if-said]")) sentence.hidden = true;
  document.addEventListener("change", decide);
  decide();
})();
