// SPDX-License-Identifier: Apache-2.0
// What pages for people need beside HTML: the browser's half of a passkey, and the few calls around it. Each form names in
// data-act what its button does. What went wrong is said in the page, in words; texts are set as text and never as markup.
// Where to go on is never read from anywhere: whoever has signed in sees the same address again.
"use strict";

// By the name of the browser's error, or by the reason of the node's refusal.
const WORDS = {
  TypeError: "The node does not answer. Look at your connection, then try again.",
  SecurityError: "Passkeys do not work at this address of the node.",
  InvalidStateError: "This device has a passkey of yours for this node already.",
  NotSupportedError: "This device cannot make a passkey of the kind that is needed.",
  ConstraintError: "This device cannot make a passkey of the kind that is needed.",
  "passkey.unknown": "This node does not know that passkey. Perhaps it was taken away. Choose another one.",
  "passkey.challenge": "That took too long. Try again.",
  "passkey.not_verified": "The device did not make sure that it is you. Switch on its screen lock, then try again.",
  "passkey.not_fresh": "You proved who you are more than five minutes ago. Press once more to prove it again.",
  "passkey.last": "This is your last way in. Add another passkey first, or print codes.",
  "passkey.recovered": "Somebody came in with a printed code today. Passkeys from before that stay until a day has passed.",
  "passkey.too_many": "You have as many passkeys as one person may have. Take one away first.",
  "recovery.code_unknown": "This code is unknown, used or no longer good. Look at it once more.",
  "invitation.unknown": "This code is unknown, used or no longer good. Ask for another one.",
  "session.unknown": "You are signed out. Load this page again.",
  "credentials.missing": "You are signed out. Load this page again.",
};
const NOT_USED = "No passkey was used. Either you stopped, or this device has none for this node.";
const NOT_MADE = "No passkey was made. Either you stopped, or the device did not make sure that it is you.";
const TOO_OLD = "This browser cannot work with passkeys. Bring it up to date, or use another one.";

class Refusal extends Error {
  constructor(words, reason) {
    super(words);
    this.reason = reason;
  }
}

// A day's limit is told in hours.
function waitInWords(seconds) {
  const [size, unit] = seconds < 120 ? [1, "second"] : seconds < 7200 ? [60, "minute"] : [3600, "hour"];
  const count = Math.ceil(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function refusalOf(reply, problem) {
  if (reply.status === 429 || reply.status === 503) {
    const wait = waitInWords(Number(reply.headers.get("Retry-After")));
    return new Refusal(`The node asks you to wait. Try again in ${wait}.`, problem.reason);
  }
  return new Refusal(WORDS[problem.reason] ?? `That did not work: ${problem.detail}.`, problem.reason);
}

async function ask(method, path, body) {
  const json = body === undefined ? {} : {headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)};
  const reply = await fetch(path, {method, ...json});
  const text = await reply.text();
  const answer = text === "" ? null : JSON.parse(text);
  if (!reply.ok)
    throw refusalOf(reply, answer);
  return answer;
}

// NotAllowedError is what browsers say of all that a page shall not learn.
async function byDevice(work, otherwise) {
  if (window.PublicKeyCredential?.parseRequestOptionsFromJSON === undefined)
    throw new Refusal(TOO_OLD);
  try {
    return (await work()).toJSON();
  } catch (error) {
    throw ["NotAllowedError", "AbortError"].includes(error.name) ? new Refusal(otherwise) : error;
  }
}

// A device shall not offer what the node does not keep.
function forget(relyingParty, credential) {
  window.PublicKeyCredential.signalUnknownCredential?.({rpId: relyingParty, credentialId: credential.id})
    .catch(() => {});
}

async function usePasskey(optionsPath, path) {
  const options = await ask("POST", optionsPath);
  const used = await byDevice(() => navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)}), NOT_USED);
  try {
    await ask("POST", path, {credential: used});
  } catch (error) {
    if (error.reason === "passkey.unknown")
      forget(options.rpId, used);
    throw error;
  }
}

const provers = () => document.querySelectorAll("form[data-proof]");

async function proveAnew(form) {
  if (form.dataset.proof === "fresh")
    return;
  await usePasskey("/v1/me/proof/options", "/v1/me/proof");
  for (const each of provers())
    each.dataset.proof = "fresh";
}

async function makePasskey(name) {
  const options = await ask("POST", "/v1/me/passkeys/options");
  const made = await byDevice(() => navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)}), NOT_MADE);
  try {
    await ask("POST", "/v1/me/passkeys", {name, credential: made});
  } catch (error) {
    forget(options.rp.id, made);
    throw error;
  }
}

function showCodes(form, codes) {
  const list = document.createElement("ol");
  list.className = "code";
  for (const code of codes) {
    const item = document.createElement("li");
    item.textContent = code;
    list.append(item);
  }
  form.replaceChildren(list);
}

const ACTS = {
  signIn: async () => {
    await usePasskey("/v1/sign-in/options", "/v1/sign-in");
    location.reload();
  },
  add: async form => {
    await proveAnew(form);
    await makePasskey(form.elements.name.value);
    location.reload();
  },
  remove: async form => {
    await proveAnew(form);
    await ask("DELETE", `/v1/me/passkeys/${form.dataset.id}`);
    location.reload();
  },
  codes: async form => {
    await proveAnew(form);
    showCodes(form, (await ask("POST", "/v1/me/recovery/codes")).codes);
    return "Print these codes, or write them down, and keep them safe. They are shown this once. Older ones are void.";
  },
  stop: async () => {
    await ask("POST", "/v1/me/recovery/stop");
    location.reload();
  },
  endSession: async form => {
    await ask("DELETE", `/v1/me/sessions/${form.dataset.id}`);
    location.reload();
  },
  endOthers: async () => {
    await ask("DELETE", "/v1/me/sessions");
    location.reload();
  },
  signOut: async () => {
    await ask("POST", "/v1/me/sign-out");
    location.reload();
  },
  takeUp: async form => {
    await ask("POST", "/v1/claims/member", {invitation: form.dataset.code});
    location.assign("/");
  },
  recover: async form => {
    const answer = await ask("POST", "/v1/recovery", {code: form.elements.code.value});
    if (answer.id !== null || answer.member !== undefined)
      return void location.assign("/");
    const opens = new Date(answer.opens).toLocaleString("en-GB", {dateStyle: "long", timeStyle: "short"});
    return `Keep this code. From ${opens} on it lets you in: come back to this page then and enter it again.`;
  },
};

function wordsOf(error) {
  if (error.reason === "passkey.not_fresh")
    for (const each of provers())
      each.dataset.proof = "wanted";
  if (error instanceof Refusal)
    return error.message;
  return WORDS[error.name] ?? "That did not work. Load this page again, then try once more.";
}

const said = document.createElement("p");
said.setAttribute("role", "alert");

// Beside the button that it is about.
function say(form, words, className) {
  said.textContent = words;
  said.className = className;
  form.after(said);
  said.scrollIntoView({block: "nearest"});
}

async function act(form) {
  const button = form.querySelector("button");
  said.remove();
  button.disabled = true;
  try {
    const words = await ACTS[form.dataset.act](form);
    if (words !== undefined)
      say(form, words, "said");
  } catch (error) {
    say(form, wordsOf(error), "said wrong");
  }
  button.disabled = false;
}

for (const form of document.querySelectorAll("form[data-act]")) {
  form.querySelector("button").disabled = false;
  form.addEventListener("submit", event => {
    event.preventDefault();
    act(form);
  });
}

const elsewhere = document.querySelector("[data-origin]");
if (elsewhere !== null && elsewhere.dataset.origin !== location.origin) {
  elsewhere.hidden = false;
  elsewhere.querySelector("a").href = elsewhere.dataset.origin + location.pathname + location.search;
}
