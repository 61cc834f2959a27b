// Run once by the image mongo, in new data: the house's user, who may read and write its database.
const fs = require("node:fs");
const password = fs.readFileSync("/run/secrets/auction_password", "utf-8").trim();
db.getSiblingDB("auction").createUser({
  user: "auction",
  pwd: password,
  roles: [{ role: "readWrite", db: "auction" }],
});
