// An empty chair: warn one minute before the session ends, and mask the screen when it has ended.
// Without script the session ends all the same: the cookie and the server forget it.
(() => {
  "use strict";
  const { idleSeconds, keepAlive, signedOut } = document.body.dataset;
  const idle = Number(idleSeconds) * 1000;
  const notice = Math.max(idle - 60000, idle / 2);
  const key = "tasuke-seen";
  let dialog = null;

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
      document.body.classList.add("masked");
      location.replace(signedOut);
    } else if (passed >= notice && !dialog) {
      warn();
    } else if (passed < notice) {
      close();
    }
  };

  mark();
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
})();
