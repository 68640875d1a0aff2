// stripe-stateful-mock on this machine only: its own command listens on every interface.
require("stripe-stateful-mock").createExpressApp().listen(Number(process.argv[2]), "127.0.0.1");
