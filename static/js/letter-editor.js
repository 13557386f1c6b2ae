/* The letter's editor: Trix over the textarea, the field picker, the live preview. Without it the page is a form. */
(() => {
  "use strict";
  const form = document.getElementById("letter");
  const area = document.getElementById("body");
  if (!form || !area) return;

  /* Trix writes two style elements into the head, which our policy refuses; their rules stand in portal.css. */
  const head = document.head;
  head.insertBefore = (node, before) => (node.nodeName === "STYLE" ? node : Node.prototype.insertBefore.call(head, node, before));

  let editor = null;
  let last = area;
  const changed = () => form.dispatchEvent(new CustomEvent("letter:changed"));

  /* Fields and conditions are painted where they stand; the text itself is left alone. A field nobody knows is underlined. */
  const MARKS = /\{\{\s*(\w*)[^{}]*\}\}|\{%[^%]*%\}/g;
  const known = new Set(Array.from(form.querySelectorAll("[data-insert]"), (each) => each.dataset.insert));
  const kind = (name) => (name === undefined ? "condition" : known.has(name) || name.startsWith("answer_") ? "field" : "unknown");
  const paint = () => {
    const marks = { field: new Highlight(), condition: new Highlight(), unknown: new Highlight() };
    const texts = document.createTreeWalker(editor, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      for (const found of text.data.matchAll(MARKS)) {
        const range = new Range();
        range.setStart(text, found.index);
        range.setEnd(text, found.index + found[0].length);
        marks[kind(found[1])].add(range);
      }
    }
    for (const [name, mark] of Object.entries(marks)) CSS.highlights.set(name, mark);
  };

  /* Pictures: what is chosen, dropped or pasted is added to the gallery, then shown; its caption describes it. */
  const upload = async (file) => {
    say("");
    const body = new FormData();
    body.append("picture", file);
    const token = form.querySelector("[name=_csrf_token]").value;
    const answer = await fetch(form.dataset.pictures, { method: "POST", body, headers: { "X-CSRF-Token": token } });
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) editor.editor.insertAttachment(new Trix.Attachment({ ...told, contentType: "image/png" }));
    else say(told.problem || answer.statusText);
  };
  const say = (words) => {
    const place = document.getElementById("picture-problem");
    place.textContent = words;
    place.hidden = !words;
  };
  const pictures = () => {
    editor.addEventListener("trix-file-accept", (event) => {
      event.preventDefault();
      if (form.dataset.pictures && event.file.type.startsWith("image/")) upload(event.file);
    });
    const chooser = document.querySelector("[data-picture-file]");
    document.querySelector("[data-picture]")?.addEventListener("click", () => chooser.click());
    chooser?.addEventListener("change", async () => {
      for (const file of chooser.files) await upload(file);
      chooser.value = "";
    });
  };
  /* Stored: <img alt="...">. Trix wants a figure whose caption it lets people edit. */
  const asFigures = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const image of page.querySelectorAll("img")) {
      const figure = page.createElement("figure");
      const [width, height] = ["width", "height"].map((name) => Number(image.getAttribute(name)) || undefined);
      const about = { contentType: "image/png", url: image.getAttribute("src"), width, height };
      figure.setAttribute("data-trix-attachment", JSON.stringify(about));
      if (image.alt) figure.setAttribute("data-trix-attributes", JSON.stringify({ caption: image.alt, presentation: "gallery" }));
      image.replaceWith(figure);
    }
    return page.body.innerHTML;
  };

  /* Trix takes every kind of space for the plain one. No-break spaces are written as a plain one that a word joiner binds. */
  const bound = (html) => html.replaceAll(/&nbsp;|\u00a0/g, " \u2060").replaceAll("\u202f", " \u2060\u2060");
  const unbound = (html) => html.replaceAll(/(?: |&nbsp;)\u2060\u2060/g, "\u202f").replaceAll(/(?: |&nbsp;)\u2060/g, "\u00a0").replaceAll("\u2060", "");

  const dress = () => {
    delete head.insertBefore;
    if (!window.Trix) return;
    Trix.config.blockAttributes.heading1.tagName = "h2";
    Trix.config.blockAttributes.default.tagName = "p";
    Trix.config.blockAttributes.default.breakOnReturn = true;
    Trix.config.attachments.preview.caption = { name: false, size: false };
    Trix.config.lang.captionPlaceholder = form.dataset.caption || "";
    const box = area.closest("[data-editor]");
    const tools = document.createElement("trix-toolbar");
    tools.id = "letter-tools";
    tools.append(document.getElementById("editor-tools").content.cloneNode(true));
    const value = document.createElement("input");
    Object.assign(value, { type: "hidden", name: area.name, id: "body-value", value: asFigures(bound(area.value.replaceAll("<br>\n", "<br>"))) });
    editor = document.createElement("trix-editor");
    editor.setAttribute("toolbar", tools.id);
    editor.setAttribute("input", value.id);
    editor.setAttribute("aria-labelledby", "body-label");
    editor.lang = area.lang;
    for (const name of ["aria-describedby", "aria-invalid"]) if (area.hasAttribute(name)) editor.setAttribute(name, area.getAttribute(name));
    editor.id = area.id;
    area.remove();
    box.append(tools, value, editor);
    last = editor;
    editor.addEventListener("trix-initialize", () => editor.addEventListener("trix-change", changed), { once: true });
    if (CSS.highlights) for (const name of ["trix-initialize", "trix-render"]) editor.addEventListener(name, paint);
    form.addEventListener("formdata", (event) => event.formData.set(value.name, unbound(value.value)));
    pictures();
    editor.addEventListener("trix-attributes-change", () => {
      for (const button of tools.querySelectorAll("[data-trix-attribute]")) button.setAttribute("aria-pressed", button.hasAttribute("data-trix-active"));
    });
  };

  /* The field picker writes where the cursor was last: subject, preview text or letter. */
  form.addEventListener("focusin", (event) => {
    if (event.target === editor || event.target.matches("#subject, #preheader, textarea")) last = event.target;
  });
  const insert = (name) => {
    const tag = `{{ ${name} }}`;
    if (last === editor && editor) {
      editor.editor.insertString(tag);
    } else {
      last.setRangeText(tag, last.selectionStart, last.selectionEnd, "end");
      changed();
    }
    last.focus();
  };
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (button) insert(button.dataset.insert);
  });
  form.querySelector("[data-find-field]")?.addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLocaleLowerCase();
    for (const item of form.querySelectorAll(".picker li")) item.hidden = !item.textContent.toLocaleLowerCase().includes(wanted);
  });

  /* The preview follows: first the notes, then, if nothing is wrong, the letter in its frame. */
  const button = form.querySelector("[data-preview]");
  let timer = 0;
  const refresh = async () => {
    await htmx.ajax("POST", form.dataset.check, { source: form, target: "#notes", swap: "innerHTML" });
    if (document.querySelector("#notes pre")) form.requestSubmit(button);
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 500);
  };
  if (button) {
    form.addEventListener("letter:changed", soon);
    form.addEventListener("input", (event) => { if (!event.target.matches("[data-find-field]") && event.target !== editor) soon(); });
    button.hidden = true;
  }

  const look = (name, value) => {
    const url = new URL(location.href);
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
    history.replaceState(history.state, "", url);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-look]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    document.querySelector(".preview").dataset[link.dataset.look] = link.dataset.value;
    for (const each of link.parentElement.children) each.toggleAttribute("aria-current", false);
    link.setAttribute("aria-current", "true");
    look(link.dataset.look, link.dataset.value);
  });
  document.getElementById("as")?.addEventListener("change", (event) => {
    for (const each of document.querySelectorAll("[data-person]")) each.value = event.target.value || "0";
    look("as", event.target.value);
    refresh();
  });

  document.addEventListener("DOMContentLoaded", dress);
})();
