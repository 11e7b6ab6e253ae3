// Does the work that a sign-up beyond the limits is asked for. Without it, or where the
// page did not come by https, the reader comes back later.
"use strict";

const work = document.getElementById("work");
if (work && globalThis.crypto?.subtle) {
  const { task, answer } = work.closest("form").elements;
  const buttons = work.closest("form").querySelectorAll("button:not([name])");
  const rest = (disabled) => buttons.forEach((button) => { button.disabled = disabled; });
  const bits = Number(work.dataset.bits), iterations = Number(work.dataset.iterations);
  const octets = (text) => new TextEncoder().encode(text);

  const isRight = async (tried) => {
    const key = await crypto.subtle.importKey("raw", octets(tried), "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: octets(task.value), iterations };
    const found = new DataView(await crypto.subtle.deriveBits(how, key, 16));
    return found.getUint16(0) >>> (16 - bits) === 0;
  };

  (async () => {
    work.hidden = false;
    work.textContent = "Or wait some seconds: your browser does a little work instead…";
    rest(true);
    let tried = 0;
    while (!(await isRight(String(tried)))) tried += 1;
    answer.value = tried;
    rest(false);
    work.textContent = "Your browser has done a little work instead. Press Subscribe once more.";
  })();
}
