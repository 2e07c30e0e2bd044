// The one line that pages embed. The rest is loaded as modules from the service that this file came from.
(() => {
  const home = document.currentScript?.src ?? "";
  import(new URL("static/faces/widget.js", home).href).catch((error) => console.error("fundstelle-search could not be loaded:", error));
})();
