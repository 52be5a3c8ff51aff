// A file chosen beside a text goes into the text; it is sent with the form like something typed.
"use strict";
document.addEventListener("change", async (event) => {
  const target = document.getElementById(event.target.dataset?.into ?? "");
  const file = event.target.files?.[0];
  if (target && file) target.value = await file.text();
});
