// What is pleasanter with a script. Every page works without it.
"use strict";

// Times in the reader's own zone; the page has them in UTC.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const day = time.dataset.only === "day";
  const shape = day ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
  time.title = time.textContent;
  time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, shape).format(at);
}
