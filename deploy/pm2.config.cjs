// PM2 process file of tilo_ws: `pm2 start deploy/pm2.config.cjs`, then `pm2 save`.
const path = require("node:path");

module.exports = {
  apps: [
    {
      name: "tilo-ws",
      // Installs what is new after an upgrade, then becomes the server: one process, which gets PM2's signals itself.
      script: "./run.sh",
      // By several processes, which this one keeps (docs/operations.md, Workers):
      // args: "--workers 4",
      interpreter: "none",
      cwd: path.join(__dirname, ".."),
      exec_mode: "fork",
      // One process serves all: a second one would wait for the first and then end.
      instances: 1,
      // The signal goes to the server alone, which ends its embedded PostgreSQL after the last flush.
      treekill: false,
      kill_timeout: 15000,
      restart_delay: 5000,
    },
  ],
};
