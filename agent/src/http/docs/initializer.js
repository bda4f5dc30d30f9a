// Starts Swagger's page. Requests that change something get the log-in's csrf token, and a fresh
// Idempotency-Key where the form left it empty.
window.onload = () => {
  const safe = ["GET", "HEAD", "OPTIONS"];
  window.ui = SwaggerUIBundle({
    url: "/api/v1/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis],
    requestInterceptor: async (request) => {
      if (safe.includes((request.method || "GET").toUpperCase())) return request;
      const session = await fetch("/api/v1/session");
      if (session.ok) request.headers["X-Till-Csrf"] = (await session.json()).csrf;
      request.headers["Idempotency-Key"] ||= crypto.randomUUID();
      return request;
    },
  });
};
