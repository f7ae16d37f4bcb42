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

// Work that goes on: the server tells how far it is. Whatever fails, the page is asked again.
const work = document.querySelector("[data-events]");
if (work) {
  const part = (name) => work.querySelector(`[data-part="${name}"]`);
  const again = () => location.reload();
  let patience = setTimeout(again, 10000);
  if (window.EventSource) {
    const events = new EventSource(work.dataset.events);
    events.addEventListener("status", (event) => {
      clearTimeout(patience);
      patience = setTimeout(again, 60000);
      const now = JSON.parse(event.data);
      for (const name of ["headline", "far", "left", "last", "waits"]) {
        if (part(name).textContent !== now[name]) part(name).textContent = now[name];
      }
      part("waits").hidden = now.waits === "";
      const bar = part("bar");
      if (now.total > 0) {
        bar.max = now.total;
        bar.value = now.done;
        document.title = `${now.far} · ${now.headline}`;
      }
      // Said aloud at every tenth, and whenever something else begins.
      const said = now.total > 0 ? `${now.headline}, ${Math.floor((now.done * 10) / now.total) * 10} %` : now.headline;
      if (part("said").textContent !== said) part("said").textContent = said;
    });
    events.addEventListener("over", () => {
      events.close();
      again();
    });
    events.onerror = () => {
      events.close();
      clearTimeout(patience);
      patience = setTimeout(again, 3000);
    };
  }
}
