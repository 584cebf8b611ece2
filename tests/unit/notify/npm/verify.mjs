// Reads {headers, body, secret} a line: each must verify as Standard Webhooks, and not with a byte changed; those that are
// CloudEvents must be valid ones.
import { HTTP } from "cloudevents";
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const lines = readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));
if (lines.length < 4) throw new Error(`only ${lines.length} samples`);
let events = 0;
for (const { headers, body, secret } of lines) {
  const webhook = new Webhook(secret);
  webhook.verify(body, headers);
  let refused = false;
  try {
    webhook.verify(body.replace("}", " }"), headers);
  } catch {
    refused = true;
  }
  if (!refused) throw new Error("a changed body was let in");
  if (!headers["content-type"].startsWith("application/cloudevents+json")) continue;
  const event = HTTP.toEvent({ headers, body });
  event.validate();
  if (!event.type.startsWith("dev.linkspan.")) throw new Error(event.type);
  if (event.id !== headers["webhook-id"]) throw new Error("two ids");
  events += 1;
}
if (events === 0) throw new Error("no CloudEvents among the samples");
console.log(`${lines.length} requests verified, ${events} of them CloudEvents`);
