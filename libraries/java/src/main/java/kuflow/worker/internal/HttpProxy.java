package kuflow.worker.internal;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/** The HTTP CONNECT proxy for REST and for the engine. */
public record HttpProxy(
        String host,
        int port,
        @Nullable String user,
        @Nullable Secret password) {

    private static final Pattern LOOPBACK = Pattern.compile("localhost|.*\\.localhost|::1|127(?:\\.\\d{1,3}){3}");
    private static final Pattern ENTRY_WITH_PORT = Pattern.compile("(\\[[^]]+]|[^:]+):(\\d+)");

    /** The proxy for connections to a host, or empty for direct connections. Loopback addresses are never proxied. */
    public static Optional<HttpProxy> forHost(WorkerSettings settings, String host, int port) {
        Secret proxy = settings.temporal().proxy();
        String name = normalize(host);
        if (proxy == null || isLoopback(host)) {
            return Optional.empty();
        }
        boolean isExcluded = Arrays.stream(settings.noProxy().split("[\\s,]+"))
                .filter(entry -> !entry.isEmpty())
                .anyMatch(entry -> isExcluded(entry, name, port));
        return isExcluded ? Optional.empty() : Optional.of(parse(proxy));
    }

    /** Whether connections to this host stay on this machine. */
    static boolean isLoopback(String host) {
        return LOOPBACK.matcher(normalize(host)).matches();
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(host, port);
    }

    /** The value of the header Proxy-Authorization, or null for a proxy without a user. */
    public @Nullable String authorization() {
        if (user == null) {
            return null;
        }
        String secret = password == null ? "" : password.reveal();
        return "Basic " + HttpHeaders.encodeBasicAuth(user, secret, StandardCharsets.UTF_8);
    }

    private static HttpProxy parse(Secret proxy) {
        URI uri = URI.create(proxy.reveal());
        int port = uri.getPort() < 0 ? 80 : uri.getPort();
        String credentials = uri.getRawUserInfo();
        if (credentials == null) {
            return new HttpProxy(uri.getHost(), port, null, null);
        }
        allowBasicAuthentication();
        String[] parts = credentials.split(":", 2);
        return new HttpProxy(
                uri.getHost(), port, decode(parts[0]), parts.length == 1 ? null : Secret.of(decode(parts[1])));
    }

    /**
     * By default, the JDK refuses Basic authentication at proxies. The property applies to the whole JVM, so it is set only if this
     * proxy has a user. HttpClient reads it only once, before the first connection.
     */
    private static void allowBasicAuthentication() {
        String name = "jdk.http.auth.tunneling.disabledSchemes";
        if (System.getProperty(name) == null) {
            System.setProperty(name, "");
        }
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** Whether an entry of NO_PROXY applies: {@code *}, a subnet, or a host with its subdomains and an optional port. */
    private static boolean isExcluded(String entry, String host, int port) {
        if (entry.equals("*")) {
            return true;
        }
        if (entry.contains("/")) {
            return isInSubnet(host, entry);
        }
        Matcher withPort = ENTRY_WITH_PORT.matcher(entry);
        boolean hasPort = withPort.matches();
        String domain = normalize(hasPort ? withPort.group(1) : entry).replaceFirst("^\\*?\\.", "");
        boolean isPort = !hasPort || withPort.group(2).equals(String.valueOf(port));
        return isPort && (host.equals(domain) || (parseAddress(host) == null && host.endsWith("." + domain)));
    }

    private static boolean isInSubnet(String host, String subnet) {
        String[] parts = subnet.split("/", 2);
        byte[] network = parseAddress(normalize(parts[0]));
        byte[] address = parseAddress(host);
        if (network == null || address == null || network.length != address.length || !parts[1].matches("\\d{1,3}")) {
            return false;
        }
        int rest = network.length * 8 - Integer.parseInt(parts[1]);
        BigInteger difference = new BigInteger(1, network).xor(new BigInteger(1, address));
        return rest >= 0 && difference.shiftRight(rest).signum() == 0;
    }

    /** The bytes of an IP address, or null for a name, which is not looked up. */
    private static byte @Nullable [] parseAddress(String host) {
        if (!host.matches("[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*")) {
            return null;
        }
        try {
            return InetAddress.getByName(host).getAddress();
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    /** In lower case, without the brackets of an IPv6 address and the dot at the end of an absolute name. */
    private static String normalize(String host) {
        return host.toLowerCase(Locale.ROOT).replaceAll("^\\[|]$|\\.$", "");
    }
}
