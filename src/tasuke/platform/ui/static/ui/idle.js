// An empty chair: warn and mask the screen one minute before the session ends, then sign out. Typing and pointing are
// work, also on a page that sends nothing yet. Without script the session ends all the same: the server forgets it.
(() => {
  "use strict";
  const { idleSeconds, keepAlive, signedOut } = document.body.dataset;
  const idle = Number(idleSeconds) * 1000;
  const notice = Math.max(idle - 60000, idle / 2);
  const tell = Math.min(60000, idle / 4); // work on one page is told to the server at most that often
  const key = "tasuke-seen";
  let dialog = null;
  let telling = false;

  const seen = () => Number(localStorage.getItem(key) || 0);
  const mark = () => localStorage.setItem(key, String(Date.now()));

  const close = () => {
    if (dialog) {
      dialog.close();
      dialog.remove();
      dialog = null;
    }
  };

  const stay = async () => {
    const answer = await fetch(keepAlive, { credentials: "same-origin", redirect: "manual" });
    if (answer.ok) {
      mark();
      close();
    } else {
      location.href = signedOut;
    }
  };

  const work = async () => {
    if (telling || dialog || Date.now() - seen() < tell) {
      return;
    }
    telling = true;
    try {
      const answer = await fetch(keepAlive, { credentials: "same-origin", redirect: "manual" });
      if (answer.ok) {
        mark();
      }
    } catch {
      // no line at this moment: the next key asks again
    } finally {
      telling = false;
    }
  };

  const leave = async () => {
    document.body.classList.add("masked");
    const form = document.querySelector("form[data-signout]");
    try {
      await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    } finally {
      location.replace(signedOut);
    }
  };

  const warn = () => {
    dialog = document.createElement("dialog");
    dialog.className = "idle";
    dialog.setAttribute("aria-labelledby", "idle-title");
    const title = document.createElement("h2");
    title.id = "idle-title";
    title.textContent = "まもなくサインアウトします";
    const words = document.createElement("p");
    words.textContent = "しばらく操作がありません。続けるときは「続ける」を押してください。入力の途中のものは残ります。";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "続ける";
    button.addEventListener("click", stay);
    dialog.append(title, words, button);
    dialog.addEventListener("cancel", stay);
    document.body.append(dialog);
    dialog.showModal();
  };

  const look = () => {
    const passed = Date.now() - seen();
    if (passed >= idle) {
      clearInterval(clock);
      leave();
    } else if (passed >= notice && !dialog) {
      warn();
    } else if (passed < notice) {
      close();
    }
  };

  mark();
  const clock = setInterval(look, 1000);
  document.addEventListener("keydown", work);
  document.addEventListener("pointerdown", work);
  document.addEventListener("visibilitychange", look);
})();
