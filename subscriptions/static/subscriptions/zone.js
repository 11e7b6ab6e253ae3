// Chooses the browser's own time zone in the sign-up form; without it, the reader does.
"use strict";

for (const select of document.querySelectorAll("select[data-guess-zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || !/^[A-Za-z0-9_+/-]{1,64}$/.test(zone)) continue;
  const known = [...select.options].some((option) => option.value === zone);
  if (!known) select.add(new Option(zone, zone), 0);
  select.value = zone;
}
