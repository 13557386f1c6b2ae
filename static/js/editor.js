/* Letters: Trix on top of a textarea, and buttons that insert merge fields. Loaded before Trix. */
(() => {
  "use strict";

  /* Trix adds two <style> elements, which our policy forbids; their rules stand in portal.css. */
  const { head } = document;
  head.insertBefore = (node, before) => (node.localName === "style" ? node : Node.prototype.insertBefore.call(head, node, before));

  /* Letters consist of paragraphs, headings of the second order, and no files. */
  document.addEventListener("trix-before-initialize", () => {
    const { blockAttributes } = Trix.config;
    Object.assign(blockAttributes.default, { tagName: "p", breakOnReturn: true });
    blockAttributes.heading1.tagName = "h2";
  });
  document.addEventListener("trix-file-accept", (event) => event.preventDefault());

  const dress = (area) => {
    const box = area.closest(".editor");
    if (box.querySelector("trix-editor")) return;
    const toolbar = document.createElement("trix-toolbar");
    toolbar.id = `${area.id}-tools`;
    toolbar.append(box.querySelector("template").content.cloneNode(true));
    const editor = document.createElement("trix-editor");
    const attributes = { input: area.id, toolbar: toolbar.id, "aria-labelledby": `${area.id}-label`, lang: area.lang };
    for (const [name, value] of Object.entries(attributes)) editor.setAttribute(name, value);
    if (area.getAttribute("aria-describedby")) editor.setAttribute("aria-describedby", area.getAttribute("aria-describedby"));
    if (area.getAttribute("aria-invalid")) editor.setAttribute("aria-invalid", "true");
    area.hidden = true;
    area.before(toolbar, editor);
    editor.addEventListener("trix-change", () => area.dispatchEvent(new Event("input", { bubbles: true })));
    document.getElementById(`${area.id}-label`)?.addEventListener("click", () => editor.focus());
  };
  const dressAll = () => document.querySelectorAll("textarea[data-editor]").forEach(dress);

  /* A merge field goes where one wrote last: the subject, the preview text, or the letter. */
  let last = null;
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("trix-editor, [data-merge]")) last = event.target;
  });
  const insert = (target, text) => {
    if (target.editor) target.editor.insertString(text);
    else target.setRangeText(text, target.selectionStart, target.selectionEnd, "end");
    target.dispatchEvent(new Event("input", { bubbles: true }));
    target.focus();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const form = button.closest("form");
    const own = document.getElementById(button.dataset.into);
    const editor = own?.closest(".editor")?.querySelector("trix-editor") ?? own;
    insert(last?.isConnected && last.closest("form") === form ? last : editor, button.dataset.insert);
  });

  addEventListener("DOMContentLoaded", dressAll);
  document.addEventListener("htmx:after:swap", dressAll);
})();
