/** Types of `websocket-client.mjs`. */

import TiloWebSocket = require("./websocket-client.js");

export default TiloWebSocket;
