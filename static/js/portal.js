/* What the desk adds to plain pages: dialogs, toasts, keys. Every page works without it. */
(() => {
  "use strict";
  const dialog = document.getElementById("dialog");
  const busy = (element) => element && (element.isContentEditable || element.matches("input, select, textarea, trix-editor"));

  /* A link with data-dialog is a real page that asks; here its question is shown in the one <dialog>. */
  const ask = (link) => htmx.ajax("GET", link.href, { source: link, target: "#dialog", swap: "innerHTML" });
  const shown = () => {
    if (!dialog.firstElementChild) return;
    for (const form of dialog.querySelectorAll("form[method=post]")) {
      form.setAttribute("hx-post", form.getAttribute("action"));
      form.setAttribute("hx-target", "#dialog");
      form.setAttribute("hx-swap", "innerHTML");
    }
    htmx.process(dialog);
    if (!dialog.open) dialog.showModal();
  };
  dialog.addEventListener("close", () => dialog.replaceChildren());

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = event.target.closest("a[data-dialog], [data-close], [data-dismiss]");
    if (!target) return;
    if (target.matches("[data-dismiss]")) {
      target.closest("#toasts > div").remove();
    } else if (target.matches("[data-close]")) {
      if (!dialog.open || !dialog.contains(target)) return;
      event.preventDefault();
      dialog.close();
    } else if (dialog.showModal && !document.getElementById("dialog-h")) {
      event.preventDefault();
      ask(target);
    }
  });

  /* After a part of the page was replaced: show the dialog, go to what has to be mended. */
  const undim = () => { for (const each of document.querySelectorAll(":is([data-dismiss], [data-tick-all])[hidden]")) each.hidden = false; };
  document.addEventListener("htmx:after:swap", () => {
    shown();
    undim();
    const summary = document.querySelector("dialog[open] .errors[autofocus], main .errors[autofocus]");
    if (summary && !summary.dataset.seen) {
      summary.dataset.seen = "yes";
      summary.focus();
    }
  });

  /* htmx.ajax names its source as the target; the server answers by the target. */
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (ctx.target?.id) ctx.request.headers["HX-Target"] = `${ctx.target.localName}#${ctx.target.id}`;
  });

  /* One tick for the whole page of a list. */
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-tick-all]")) return;
    for (const tick of event.target.closest("table").querySelectorAll("td.tick input")) tick.checked = event.target.checked;
  });

  /* A button that copies a text, where the browser lets us. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });

  /* How many characters still fit, while one types. */
  document.addEventListener("input", (event) => {
    const left = event.target.id && document.querySelector(`output[data-left][for="${CSS.escape(event.target.id)}"]`);
    if (left) left.value = Math.max(0, event.target.maxLength - event.target.value.length);
  });

  /* What is live asks for itself every so many seconds, while somebody looks. What is unfolded stays unfolded. */
  const live = (element) => { if (document.visibilityState === "visible") element.dispatchEvent(new Event("live")); };
  for (const element of document.querySelectorAll("[data-live]")) setInterval(live, 1000 * Number(element.dataset.live), element);
  document.addEventListener("visibilitychange", () => document.querySelectorAll("[data-live]").forEach(live));
  let unfolded = [];
  document.addEventListener("htmx:before:swap", () => { unfolded = [...document.querySelectorAll("details[id][open]")].map(({ id }) => id); });
  document.addEventListener("htmx:after:swap", () => { for (const id of unfolded) document.getElementById(id)?.setAttribute("open", ""); });

  /* / searches; j and k go to the next and the previous, where a page has them. */
  const keys = { "/": "input[type=search]", j: "main a[rel=next]", k: "main a[rel=prev]" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || busy(event.target) || !keys[event.key]) return;
    const target = document.querySelector(keys[event.key]);
    if (!target) return;
    event.preventDefault();
    if (event.key === "/") target.focus();
    else target.click();
  });

  if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  undim();
  document.querySelector("main .errors[autofocus]")?.focus();
})();
