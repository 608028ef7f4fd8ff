import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import io.temporal.activity.ActivityOptions;
import io.temporal.authorization.AuthorizationGrpcMetadataProvider;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.worker.WorkerFactory;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;

/** A worker on an old core. It connects like the KuFlow SDK of its time: certificate and token. */
public class Worker {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @WorkflowInterface
  public interface LoanWorkflow {
    @WorkflowMethod(name = "LoanWorkflow")
    Map<String, String> run(Map<String, Object> request);
  }

  @ActivityInterface
  public interface Activities {
    @ActivityMethod(name = "setFirstName")
    void setFirstName(String processId);
  }

  public static class LoanWorkflowImpl implements LoanWorkflow {
    private final Activities activities =
        Workflow.newActivityStub(
            Activities.class, ActivityOptions.newBuilder().setStartToCloseTimeout(Duration.ofMinutes(1)).build());

    @Override
    public Map<String, String> run(Map<String, Object> request) {
      activities.setFirstName((String) request.get("processId"));
      return Map.of("message", "done");
    }
  }

  public static class ActivitiesImpl implements Activities {
    @Override
    public void setFirstName(String processId) {
      String patch = "[{\"op\":\"add\",\"path\":\"/firstName\",\"value\":\"Ada\"}]";
      call("PATCH", "/processes/" + processId + "/metadata", "application/json-patch+json", patch);
    }
  }

  public static void main(String[] arguments) throws Exception {
    JsonNode certificate = authenticate("ENGINE_CERTIFICATE").get("engineCertificate");
    String token = authenticate("ENGINE_TOKEN").get("engineToken").get("token").asText();
    JsonNode tls = certificate.get("tls");
    WorkflowServiceStubs service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder()
                .setTarget(System.getenv("TEMPORAL_TARGET"))
                .setSslContext(
                    GrpcSslContexts.forClient()
                        .trustManager(pem(tls, "serverRootCaCertificate"))
                        .keyManager(pem(tls, "clientCertificate"), pem(tls, "clientPrivateKey"))
                        .build())
                .addGrpcMetadataProvider(new AuthorizationGrpcMetadataProvider(() -> "Bearer " + token))
                .build());
    String namespace = certificate.get("namespace").asText();
    WorkflowClient client =
        WorkflowClient.newInstance(service, WorkflowClientOptions.newBuilder().setNamespace(namespace).build());
    WorkerFactory factory = WorkerFactory.newInstance(client);
    io.temporal.worker.Worker worker = factory.newWorker(System.getenv("TEMPORAL_KUFLOWQUEUE"));
    worker.registerWorkflowImplementationTypes(LoanWorkflowImpl.class);
    worker.registerActivitiesImplementations(new ActivitiesImpl());
    factory.start();
  }

  private static InputStream pem(JsonNode tls, String name) {
    return new ByteArrayInputStream(tls.get(name).asText().getBytes(StandardCharsets.UTF_8));
  }

  private static JsonNode authenticate(String type) throws Exception {
    return JSON.readTree(call("POST", "/authentications", "application/json", "{\"type\":\"" + type + "\"}"));
  }

  private static String call(String method, String path, String type, String body) {
    String credentials = System.getenv("KUFLOW_API_CLIENTID") + ":" + System.getenv("KUFLOW_API_CLIENTSECRET");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(System.getenv("KUFLOW_API_ENDPOINT") + "/v2024-06-14" + path))
            .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes()))
            .header("Content-Type", type)
            .method(method, BodyPublishers.ofString(body))
            .build();
    try {
      HttpResponse<String> response = HTTP.send(request, BodyHandlers.ofString());
      if (response.statusCode() / 100 != 2)
        throw new IllegalStateException(method + " " + path + ": " + response.statusCode() + " " + response.body());
      return response.body();
    } catch (java.io.IOException | InterruptedException error) {
      throw new IllegalStateException(method + " " + path, error);
    }
  }
}
