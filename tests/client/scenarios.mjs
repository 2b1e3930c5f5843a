/**
 * What a page goes through, played by the library against a real server, in Node and in a browser.
 *
 * Each scenario gets { TiloWebSocket, line, direct, control }: `line` is an address of the server that can be cut, `direct`
 * one that cannot, and `control(action)` does something to one of them (stage.py has the actions).
 */

const HOUR_MS = 3_600_000;
const clients = [];

function check(holds, what) {
  if (!holds) throw new Error(what);
}

const same = (left, right, what) => check(
  JSON.stringify(left) === JSON.stringify(right),
  `${what}: ${JSON.stringify(left)} is not ${JSON.stringify(right)}`,
);

async function eventually(holds, what) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within 30 s: ${what}`);
}

/** A client that has been welcomed at that address; `shown` are the texts of its chat, `gaps` the `after` of its gaps. */
async function joined({ TiloWebSocket }, url, options) {
  const client = new TiloWebSocket(options);
  clients.push(client);
  const player = { client, shown: [], seqs: [], gaps: [], welcomes: 0 };
  client.on("chat", ({ message, seq }) => {
    player.shown.push(message);
    player.seqs.push(seq);
  });
  client.on("gap", ({ after }) => player.gaps.push(after));
  client.on("open", () => (player.welcomes += 1));
  client.connect(url);
  await eventually(() => client.connected, `a welcome at ${url}`);
  return player;
}

const say = (player, text) => player.client.sendChat("Tilo", text);
const shows = (player, count) => eventually(() => player.shown.length >= count, `${count} messages, not ${player.shown}`);

/** Ends every client of the scenario before this one. */
export function leave() {
  for (const client of clients.splice(0)) client.disconnect();
}

export const scenarios = {
  async "offline: what was said meanwhile comes in order, what was written goes out"(stage) {
    const [ann, ben] = [await joined(stage, stage.line), await joined(stage, stage.direct)];
    await say(ben, "before");
    await shows(ann, 1);

    await stage.control("cut");
    await eventually(() => !ann.client.connected, "the cut");
    const stored = say(ann, "written while away");
    for (const text of ["one", "two", "three"]) await say(ben, text);
    await stage.control("mend");

    const { seq } = await stored;
    await shows(ann, 5);
    same(ann.shown, ["before", "one", "two", "three", "written while away"], "shown");
    same(ann.seqs.at(-1), seq, "the number of the own message");
    same(ann.gaps, [], "gaps");
  },

  async "restart: the server ends and comes back, everybody returns and nothing is missing"(stage) {
    const [ann, ben] = [await joined(stage, stage.direct), await joined(stage, stage.direct)];
    const stored = [];
    const chatter = setInterval(() => stored.push(say(ben, `message ${stored.length}`)), 700);
    await shows(ann, 2);

    await stage.control("restart");
    await eventually(() => ann.welcomes > 1 && ben.welcomes > 1, "the return of both");
    clearInterval(chatter);

    await Promise.all(stored);
    await shows(ann, stored.length);
    const texts = stored.map((_, index) => `message ${index}`);
    same([...ann.shown].sort(), [...texts].sort(), "shown");
    same(ann.seqs, [...ann.seqs].sort((first, second) => first - second), "the order");
    same(ann.gaps, [], "gaps");
  },

  async "duplicate: a message whose ack was lost is sent again and shown once"(stage) {
    const [ann, ben] = [await joined(stage, stage.line), await joined(stage, stage.direct)];
    await stage.control("swallow");
    const stored = say(ann, "once");
    await shows(ben, 1);
    await stage.control("cut");
    await stage.control("mend");

    same((await stored).seq, ben.seqs[0], "the number");
    await say(ann, "and then");
    await shows(ben, 2);
    await shows(ann, 2);
    same(ben.shown, ["once", "and then"], "shown to others");
    same(ann.shown, ["once", "and then"], "shown to the sender");
  },

  async "gap: after a restore from a backup the page is told that something may be missing"(stage) {
    const ann = await joined(stage, stage.direct);
    const { seq } = await say(ann, "before the restore");

    await stage.control("restore");
    await eventually(() => ann.welcomes > 1, "the return");

    same(ann.gaps, [seq], "gaps");
    await say(ann, "after the restore");
    await shows(ann, 2);
    same(ann.shown, ["before the restore", "after the restore"], "shown");
  },

  async "clock: with a clock that is an hour wrong a page counts down rightly"(stage) {
    await stage.control("event");
    for (const shiftMs of [-HOUR_MS, HOUR_MS]) {
      const rightDate = globalThis.Date;
      globalThis.Date = class extends rightDate {
        constructor(...parts) {
          super(...(parts.length ? parts : [rightDate.now() + shiftMs]));
        }

        static now() {
          return rightDate.now() + shiftMs;
        }
      };
      try {
        const client = new stage.TiloWebSocket();
        clients.push(client);
        let events = [];
        client.on("global_events", (told) => (events = told));
        client.connect(stage.direct);
        await eventually(() => events.length, "the event");
        const seconds = (events[0].expiresAt.getTime() - Date.now()) / 1000;
        check(seconds > 590 && seconds < 602, `600 s are left, not ${seconds}`);
      } finally {
        globalThis.Date = rightDate;
      }
    }
  },
};
