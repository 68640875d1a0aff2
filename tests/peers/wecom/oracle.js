// WeCom's own library for the envelope, asked line by line: one JSON object in, one out.
const { getSignature, encrypt, decrypt } = require("@wecom/crypto");
const readline = require("readline");

const asks = {
  seal: ({ key, token, app, xml, timestamp, nonce }) => {
    const sealed = encrypt(key, xml, app);
    return { sealed, signature: getSignature(token, timestamp, nonce, sealed) };
  },
  open: ({ key, token, sealed, timestamp, nonce }) => {
    const { message, id } = decrypt(key, sealed);
    return { xml: message, app: id, signature: getSignature(token, timestamp, nonce, sealed) };
  },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const told = JSON.parse(line);
  process.stdout.write(JSON.stringify(asks[told.ask](told)) + "\n");
});
