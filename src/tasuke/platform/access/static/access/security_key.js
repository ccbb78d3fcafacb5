// A form that a security key answers: the browser asks the key, the answer goes into the form, the form is sent. Without
// script, or in a browser without security keys, the form stays hidden and the page says what to do instead.
(() => {
  "use strict";
  const form = document.querySelector("form[data-security-key]");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) {
    return;
  }
  const button = form.querySelector("button[type=submit]");
  const trouble = form.querySelector("[data-trouble]");
  const creating = form.dataset.securityKey === "create";
  const words = {
    InvalidStateError: "このキーはすでに登録されています。別のキーを使ってください。",
    NotAllowedError: creating
      ? "キーを確かめられませんでした。もう一度押してください。3分たったときは、はじめから行ってください。"
      : "キーを確かめられませんでした。もう一度押すか、ワンタイムパスワードを入力してください。",
    SecurityError: "このアドレスではセキュリティキーを使えません。",
  };

  const toBytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };

  const toText = (buffer) => {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  const withBytes = (keys) => (keys || []).map((key) => ({ ...key, id: toBytes(key.id) }));

  const create = async (asked) => {
    const publicKey = {
      ...asked,
      challenge: toBytes(asked.challenge),
      user: { ...asked.user, id: toBytes(asked.user.id) },
      excludeCredentials: withBytes(asked.excludeCredentials),
    };
    const made = await navigator.credentials.create({ publicKey });
    const { clientDataJSON, attestationObject } = made.response;
    const transports = made.response.getTransports ? made.response.getTransports() : [];
    const response = { clientDataJSON: toText(clientDataJSON), attestationObject: toText(attestationObject), transports };
    return { id: made.id, rawId: toText(made.rawId), type: made.type, response };
  };

  const get = async (asked) => {
    const publicKey = {
      ...asked,
      challenge: toBytes(asked.challenge),
      allowCredentials: withBytes(asked.allowCredentials),
    };
    const signed = await navigator.credentials.get({ publicKey });
    const { clientDataJSON, authenticatorData, signature, userHandle } = signed.response;
    const response = {
      clientDataJSON: toText(clientDataJSON),
      authenticatorData: toText(authenticatorData),
      signature: toText(signature),
    };
    if (userHandle) {
      response.userHandle = toText(userHandle);
    }
    return { id: signed.id, rawId: toText(signed.rawId), type: signed.type, response };
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    trouble.hidden = true;
    try {
      const asked = JSON.parse(form.dataset.options);
      const answer = await (creating ? create(asked) : get(asked));
      form.elements.credential.value = JSON.stringify(answer);
      form.submit();
    } catch (error) {
      trouble.textContent = words[error.name] || "キーと話せませんでした。もう一度押してください。";
      trouble.hidden = false;
      button.disabled = false;
      button.focus();
    }
  });

  form.hidden = false;
  for (const note of document.querySelectorAll("[data-without-key]")) {
    note.remove();
  }
})();
