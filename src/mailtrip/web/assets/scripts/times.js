// Times are written in UTC by the server; here they get the reader's own zone.
const today = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const other = new Intl.DateTimeFormat([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const older = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" });
const whole = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "long" });

export function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    const now = new Date();
    const isToday = moment.toDateString() === now.toDateString();
    const format = isToday ? today : moment.getFullYear() === now.getFullYear() ? other : older;
    element.textContent = format.format(moment);
    element.title = whole.format(moment);
  }
}
