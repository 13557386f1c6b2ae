// node nodemailer.cjs PORT LETTERS.json: everybody's letter over a pool, as nodemailer's page on bulk mail advises:
// pooled connections that stay open, and the next letter made when the pool has room ("idle"), not all at once.
"use strict";

const { readFileSync, writeSync } = require("node:fs");
const Handlebars = require("handlebars");
const nodemailer = require("nodemailer");

const TELL_EVERY = 50;

const [port, path] = process.argv.slice(2);
const [{ templates, sender }, people] = JSON.parse(readFileSync(path, "utf8"));
const compiled = Object.fromEntries(
  Object.entries(templates).map(([locale, { subject, text, html }]) => [
    locale,
    {
      subject: Handlebars.compile(subject, { noEscape: true }),
      text: Handlebars.compile(text, { noEscape: true }),
      html: Handlebars.compile(html),
    },
  ]),
);
const transporter = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: 10,
  maxMessages: Infinity,
});

let next = 0;
let done = 0;

async function send({ address, locale, values }) {
  const letter = compiled[locale];
  await transporter.sendMail({
    from: sender,
    to: address,
    subject: letter.subject(values),
    text: letter.text(values),
    html: letter.html(values),
  });
  done += 1;
  if (done % TELL_EVERY === 0 || done === people.length) {
    writeSync(1, `${done} ${performance.timeOrigin + performance.now()}\n`);
  }
  if (done === people.length) {
    transporter.close();
  }
}

transporter.on("idle", () => {
  while (transporter.isIdle() && next < people.length) {
    send(people[next++]).catch((error) => {
      console.error(String(error));
      process.exit(1);
    });
  }
});
