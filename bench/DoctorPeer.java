import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.serviceclient.SimpleSslContextBuilder;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.TrustManagerFactory;

/** Connects with the files in tls/ and the calls that KuFlow's Java library makes of Temporal's SDK and of Java, and prints how that ends. */
public class DoctorPeer {
  public static void main(String[] args) {
    try (InputStream cert = new FileInputStream("tls/client.pem");
        InputStream key = new FileInputStream("tls/client.key");
        InputStream ca = new FileInputStream("tls/ca.pem")) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      // One certificate: the first.
      trusted.setCertificateEntry("temporal-ca", CertificateFactory.getInstance("X509").generateCertificate(ca));
      TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SslContext tls =
          SimpleSslContextBuilder.forPKCS8(cert, key).setTrustManager(managers.getTrustManagers()[0]).build();
      WorkflowServiceStubs stubs =
          WorkflowServiceStubs.newServiceStubs(
              WorkflowServiceStubsOptions.newBuilder()
                  .setTarget(System.getenv("TEMPORAL_TARGET"))
                  .setSslContext(tls)
                  .setRpcTimeout(Duration.ofSeconds(8))
                  .build());
      stubs.blockingStub().withDeadlineAfter(8, java.util.concurrent.TimeUnit.SECONDS)
          .getSystemInfo(GetSystemInfoRequest.getDefaultInstance());
      System.out.println("connects");
    } catch (Throwable error) {
      StringBuilder text = new StringBuilder();
      for (Throwable at = error; at != null; at = at.getCause()) text.append(text.length() == 0 ? "" : " <- ").append(at);
      System.out.println(text);
    }
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }
}
