/** The scenarios in Node, on the stage that TILO_STAGE describes. */
import { afterEach, test } from "node:test";

import TiloWebSocket from "../../static/websocket-client.js";
import { leave, scenarios } from "./scenarios.mjs";

const { line, direct, control } = JSON.parse(process.env.TILO_STAGE);
const stage = {
  TiloWebSocket,
  line,
  direct,
  async control(action) {
    const response = await fetch(`${control}/${action}`, { method: "POST" });
    if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
  },
};

afterEach(leave);

for (const [name, scenario] of Object.entries(scenarios)) test(name, { timeout: 120_000 }, () => scenario(stage));
