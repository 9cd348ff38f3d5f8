SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: 0, // the schemas are in the operations
  validatorUrl: null, // it would ask a service of somebody else's
});
