/* Ticks of a list: how many there are, and that they survive paging. Without this a button keeps them. */
(() => {
  "use strict";
  const form = () => document.querySelector("form[data-ticks]");
  const ids = (ticks) => new FormData(ticks).getAll("id");

  /* The links to other pages carry what is ticked here and there. */
  const carry = (ticks) => {
    for (const link of ticks.parentElement.querySelectorAll("nav.pages a")) {
      const address = new URL(link.href);
      address.searchParams.delete("id");
      for (const id of ids(ticks)) address.searchParams.append("id", id);
      link.href = address.pathname + address.search;
    }
  };

  const count = () => {
    const ticks = form();
    const words = ticks?.querySelector("[data-ticked]");
    if (!words) return;
    const n = ids(ticks).length;
    words.textContent = words.dataset.ticked.replace("{n}", new Intl.NumberFormat(document.documentElement.lang).format(n));
    for (const button of ticks.querySelectorAll("button[formaction]")) button.setAttribute("aria-disabled", String(!n));
    carry(ticks);
  };

  const ready = () => {
    for (const keep of document.querySelectorAll("[data-keep]")) keep.remove();
    count();
  };
  document.addEventListener("change", (event) => { if (event.target.closest("form[data-ticks]")) count(); });
  document.addEventListener("htmx:after:swap", ready);
  ready();
})();
