// sdk: what a user's program does with the vendors' own libraries, through the gateway. One JSON line per step:
// {step, ...}. It judges nothing; test_sdk.py does. BASE is the gateway, STEPS the steps to do.
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";

const base = process.env.BASE;
const openai = new OpenAI({ apiKey: "sk-search", baseURL: base + "/v1" });
const anthropic = new Anthropic({ apiKey: "sk-search", baseURL: base });
const chat = { model: "gpt-4o-mini", messages: [{ role: "user", content: "hi" }] };
const message = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [{ role: "user", content: "hi" }] };
const tagged = (tag, more) => ({ headers: { "x-mock-tag": tag, ...more } });

async function chunks(stream) {
  let n = 0, empty = 0, usage = null;
  for await (const c of stream) {
    n++;
    if (c.choices.length === 0) empty++;
    if (c.usage) usage = c.usage;
  }
  return { n, empty, usage };
}

async function refused(call) {
  const began = Date.now();
  try {
    await call();
    return { refused: false };
  } catch (e) {
    return { refused: true, status: e.status, code: e.code ?? null, type: e.type ?? null, name: e.constructor.name, message: e.message, ms: Date.now() - began };
  }
}

const steps = {
  chat: async () => ({ usage: (await openai.chat.completions.create(chat)).usage }),
  chat_stream: async () => chunks(await openai.chat.completions.create({ ...chat, stream: true })),
  chat_stream_usage: async () => chunks(await openai.chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } })),
  empty_tools: async () => ({ usage: (await openai.chat.completions.create({ ...chat, tools: [] }, tagged("sdk-tools"))).usage }),
  large: async () => ({ usage: (await openai.chat.completions.create({ ...chat, messages: [{ role: "user", content: "x\"\\\n".repeat(50000) }] })).usage }),
  responses: async () => ({ usage: (await openai.responses.create({ model: "gpt-4o", input: "hi" })).usage }),
  messages: async () => ({ usage: (await anthropic.messages.create(message)).usage }),
  messages_stream: async () => {
    const final = await anthropic.messages.stream(message).finalMessage();
    return { usage: final.usage, text: final.content[0].text.length };
  },
  refused_chat: () => refused(() => openai.chat.completions.create(chat, tagged("sdk-refused"))),
  refused_chat_stream: () => refused(() => openai.chat.completions.create({ ...chat, stream: true })),
  refused_messages: () => refused(() => anthropic.messages.create(message)),
  aborted_chat: () => refused(async () => {
    const s = await openai.chat.completions.create({ ...chat, stream: true }, tagged("sdk-abort", { "x-mock-chunks": "500", "x-mock-chunk-ms": "20" }));
    console.log(JSON.stringify({ step: "running" }));
    await chunks(s);
  }),
  aborted_messages: () => refused(async () => {
    const s = await anthropic.messages.create({ ...message, stream: true }, tagged("sdk-abort2", { "x-mock-chunks": "500", "x-mock-chunk-ms": "20" }));
    console.log(JSON.stringify({ step: "running" }));
    for await (const e of s) void e;
  }),
};

for (const step of process.env.STEPS.split(" ")) {
  let result;
  try {
    result = await steps[step]();
  } catch (e) {
    result = { failed: String(e) };
  }
  console.log(JSON.stringify({ step, ...result }));
}
