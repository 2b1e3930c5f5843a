/** In a page the class is a global; nothing is imported. Never run. */
const page = new TiloWebSocket({ history: 10 });
page.on("chat", ({ date }: TiloWebSocket.Chat) => date.getTime());
