// The interactive documentation of the JSON API, made from our own description of it.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("api-docs");
  window.SwaggerUIBundle({ domNode: place, url: place.dataset.url, deepLinking: true, tryItOutEnabled: true, validatorUrl: null });
});
