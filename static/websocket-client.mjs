/** The client library as an ES module: in Node, in bundlers, and in browsers as it is. */
import "./websocket-client.js";

export default globalThis.TiloWebSocket;
