import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Parses the sources on stdin, each preceded by its length in bytes as a big-endian integer. Prints a line for each: the syntax
 * errors, a tab, and the names in its code, separated by spaces.
 */
public final class ParseSources {

    public static void main(String[] args) throws IOException {
        List<Source> sources = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(System.in))) {
            for (int length = readLength(in); length >= 0; length = readLength(in)) {
                sources.add(new Source(sources.size(), new String(in.readNBytes(length), StandardCharsets.UTF_8)));
            }
        }
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        JavacTask task = (JavacTask) ToolProvider.getSystemJavaCompiler()
                .getTask(null, null, problems, List.of("-proc:none", "-Xmaxerrs", "10000"), null, sources);
        for (CompilationUnitTree unit : task.parse()) {
            new Names().scan(unit, sources.get(indexOf(unit.getSourceFile())).names);
        }
        for (Diagnostic<? extends JavaFileObject> problem : problems.getDiagnostics()) {
            String error = problem.getLineNumber() + " " + problem.getMessage(null).replaceAll("\\s+", " ");
            sources.get(indexOf(problem.getSource())).errors.add(error);
        }
        PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, StandardCharsets.UTF_8);
        sources.forEach(source -> out.println(String.join("; ", source.errors) + "\t" + String.join(" ", source.names)));
        out.flush();
    }

    /** The compiler wraps the objects that it gets. */
    private static int indexOf(JavaFileObject source) {
        return Integer.parseInt(source.toUri().getPath().replaceAll("\\D", ""));
    }

    private static int readLength(DataInputStream in) throws IOException {
        try {
            return in.readInt();
        } catch (EOFException end) {
            return -1;
        }
    }

    private static final class Source extends SimpleJavaFileObject {

        private final String text;
        private final List<String> errors = new ArrayList<>();
        private final Set<String> names = new TreeSet<>();

        Source(int index, String text) {
            super(URI.create("string:///Source" + index + ".java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static final class Names extends TreeScanner<Void, Set<String>> {

        @Override
        public Void visitIdentifier(IdentifierTree tree, Set<String> names) {
            names.add(tree.getName().toString());
            return super.visitIdentifier(tree, names);
        }

        @Override
        public Void visitMemberSelect(MemberSelectTree tree, Set<String> names) {
            names.add(tree.getIdentifier().toString());
            return super.visitMemberSelect(tree, names);
        }

        @Override
        public Void visitMemberReference(MemberReferenceTree tree, Set<String> names) {
            names.add(tree.getName().toString());
            return super.visitMemberReference(tree, names);
        }

        @Override
        public Void visitClass(ClassTree tree, Set<String> names) {
            names.add(tree.getSimpleName().toString());
            return super.visitClass(tree, names);
        }

        @Override
        public Void visitMethod(MethodTree tree, Set<String> names) {
            names.add(tree.getName().toString());
            return super.visitMethod(tree, names);
        }

        @Override
        public Void visitVariable(VariableTree tree, Set<String> names) {
            names.add(tree.getName().toString());
            return super.visitVariable(tree, names);
        }
    }
}
