// Times are written in UTC by the server; here they get the reader's own zone.
const today = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat([], { month: "short", day: "numeric" });
const other = new Intl.DateTimeFormat([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const older = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" });
const whole = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "long" });

/** A moment, in seconds since 1970, in the reader's zone and way of writing. */
export function writtenTime(seconds) {
  return whole.format(seconds * 1000);
}

/** Labels of an axis of time at moments in seconds, `step` seconds apart: hours, and days where a new one begins. */
export function axisTimes(moments, step) {
  let before = "";
  return moments.map((moment) => {
    const date = day.format(moment * 1000);
    const label = step >= 86400 ? date : today.format(moment * 1000) + (date === before ? "" : `\n${date}`);
    before = date;
    return label;
  });
}

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
